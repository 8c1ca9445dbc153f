// The users that the plugin is assigned. Permission `users`.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "users_getusers")
declare function users_getusers(request: u64): u64;
@external("extism:host/user", "users_getadmins")
declare function users_getadmins(request: u64): u64;

/** A user of the server. */
@final
export class User {
  constructor(
    /** The name to log in with. */
    readonly userName: string,
    /** The name to show. */
    readonly name: string,
    readonly isAdmin: bool,
  ) {}
}

export namespace users {
  /** All of them. */
  export function all(): User[] {
    const request = requestOf(Json.object());
    return read(answerOf(request, users_getusers(request)).get("result"));
  }

  /** Those who are administrators. */
  export function admins(): User[] {
    const request = requestOf(Json.object());
    return read(answerOf(request, users_getadmins(request)).get("result"));
  }
}

function read(list: Json): User[] {
  const found: User[] = [];
  for (let i = 0; i < list.length; i++) {
    const user = list.at(i);
    found.push(
      new User(
        user.get("userName").text(),
        user.get("name").text(),
        user.get("isAdmin").boolean(),
      ),
    );
  }
  return found;
}
