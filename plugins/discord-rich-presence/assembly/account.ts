// Who is shown on Discord, and as whom: the plugin's settings.

import { config } from "@soundproof/pdk";

/** A user with an account at Discord. */
@final
export class Account {
  constructor(
    /** The name on the music server; also the id of the connection. */
    readonly username: string,
    /** Of the user's account at Discord. */
    readonly token: string,
    /** Of the application that shows the presence. */
    readonly clientId: string,
  ) {}
}

/** The account of a user; `null` if nothing of this user is to be shown. */
export function accountOf(username: string): Account | null {
  const clientId = config.text("clientid"), users = config.json("users");
  if (clientId == "" || username == "") return null;
  for (let i = 0; i < users.length; i++) {
    const user = users.at(i), token = user.get("token").text();
    if (user.get("username").text() == username && token != "") {
      return new Account(username, token, clientId);
    }
  }
  return null;
}
