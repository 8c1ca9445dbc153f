/** Cases of the preferences of users. @module */

import type { Case } from "./case.ts";

const preference = (username: string, key: string, response: object | string) => ({
  call: "preferences_get",
  request: { username, key },
  response,
});
const prefer = (username: string, key: string, value: string | null) => ({
  call: "preferences_set",
  request: { username, key, value },
  response: "{}",
});

export const PREFERENCES_CASES: readonly Case[] = [
  {
    name: "preferences: a user's own value, in any letter case of the name; null removes it",
    permissions: { preferences: {}, users: {} },
    users: ["alice", "bob"],
    steps: [
      preference("alice", "k", "{}"),
      prefer("alice", "k", "v\u0000w"),
      preference("ALICE", "k", { value: "v\u0000w", exists: true }),
      preference("bob", "k", "{}"),
      prefer("alice", "k", ""),
      preference("alice", "k", '{"exists":true}'),
      prefer("alice", "k", null),
      preference("alice", "k", "{}"),
    ],
  },
  {
    name: "preferences: users that are not assigned have none for this plugin",
    permissions: { preferences: {}, users: {} },
    users: ["alice"],
    steps: [
      {
        call: "preferences_get",
        request: { username: "bob", key: "k" },
        errorContains: 'preferences: plugin is not allowed to act as user "bob"',
      },
      {
        call: "preferences_set",
        request: { username: "bob", key: "k", value: "v" },
        errorContains: "not allowed to act",
      },
      {
        call: "preferences_set",
        request: { username: "alice", key: "", value: "v" },
        errorContains: "key cannot be empty",
      },
    ],
  },
];
