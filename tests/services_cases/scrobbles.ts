/** Cases of the scrobble retriever; `extism-abi.md` 2.15 and 7. @module */

import type { Case } from "./case.ts";

const scrobbles = (id: number, mediaFileId: string, submissionTime: number) => ({
  id,
  mediaFileId,
  submissionTime,
});
const page = (options: object | null, response: object | string) => ({
  call: "scrobbleretriever_getscrobbles",
  request: { username: "alice", options },
  response,
});
const count = (options: object, response: object | string) => ({
  call: "scrobbleretriever_getscrobblecount",
  request: { username: "alice", options },
  response,
});

export const SCROBBLE_CASES: readonly Case[] = [
  ...["getfirsttimestamp", "getlasttimestamp", "getscrobbles", "getscrobblecount"].map((
    name,
  ): Case => ({
    name: `scrobbleretriever_${name}: unassigned and unknown users are refused`,
    permissions: { users: {}, scrobbleRetriever: {} },
    users: ["alice"],
    steps: [
      {
        call: `scrobbleretriever_${name}`,
        request: { username: "bob" },
        errorContains: 'scrobbleRetriever: plugin is not allowed to act as user "bob"',
      },
      {
        call: `scrobbleretriever_${name}`,
        request: {},
        errorContains: 'scrobbleRetriever: user "" not found',
      },
    ],
  })),
  {
    name: "scrobbleretriever: a user without scrobbles",
    permissions: { users: {}, scrobbleRetriever: {} },
    users: "all",
    steps: ["getfirsttimestamp", "getlasttimestamp", "getscrobbles", "getscrobblecount"].map((
      name,
    ) => ({ call: `scrobbleretriever_${name}`, request: { username: "bob" }, response: "{}" })),
  },
  {
    name: "scrobbleretriever: first and last; a first at 0 is told",
    permissions: { users: {}, scrobbleRetriever: {} },
    users: "all",
    steps: [
      {
        call: "scrobbleretriever_getfirsttimestamp",
        request: { username: "ALICE" },
        response: '{"result":0}',
      },
      {
        call: "scrobbleretriever_getlasttimestamp",
        request: { username: "alice" },
        response: { result: 200 },
      },
    ],
  },
  {
    name: "scrobbleretriever: bounds are inclusive; an id decides among equal times; counts agree",
    permissions: { users: {}, scrobbleRetriever: {} },
    users: "all",
    steps: [
      page({ fromTimestamp: 100, toTimestamp: 200 }, {
        scrobbles: [scrobbles(2, "t2", 100), scrobbles(3, "t3", 100), scrobbles(4, "t4", 200)],
      }),
      page({ toTimestamp: 100, descending: true }, {
        scrobbles: [scrobbles(3, "t3", 100), scrobbles(2, "t2", 100), scrobbles(1, "t1", 0)],
      }),
      page({ fromTimestamp: 201 }, "{}"),
      count({}, { result: 4 }),
      count({ fromTimestamp: 1 }, { result: 3 }),
      count({ toTimestamp: 0 }, { result: 1 }),
      count({ fromTimestamp: 100, toTimestamp: 100 }, { result: 2 }),
      count({ fromTimestamp: 201 }, "{}"),
    ],
  },
  {
    name: "scrobbleretriever: a page that ends within a time gives an offset, either way",
    permissions: { users: {}, scrobbleRetriever: {} },
    users: "all",
    steps: [
      page({ maxItems: 2 }, {
        scrobbles: [scrobbles(1, "t1", 0), scrobbles(2, "t2", 100)],
        next: { fromTimestamp: 100, descending: false, maxItems: 2, offset: 1 },
      }),
      page({ fromTimestamp: 100, maxItems: 2, offset: 1 }, {
        scrobbles: [scrobbles(3, "t3", 100), scrobbles(4, "t4", 200)],
      }),
      page({ maxItems: 1, descending: true, fromTimestamp: 0 }, {
        scrobbles: [scrobbles(4, "t4", 200)],
        next: { fromTimestamp: 0, toTimestamp: 100, descending: true, maxItems: 1 },
      }),
    ],
  },
];
