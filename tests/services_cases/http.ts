/** Cases of `http_send` that never reach the network; `extism-abi.md` 2.2 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { http: { allowLocalNetwork: false, allowRedirects: true } };
const REFUSED: readonly [request: object, error: string][] = [
  [{ url: "" }, 'invalid URL scheme "": must be http or https'],
  [{ url: "example.com" }, 'invalid URL scheme "": must be http or https'],
  [{ url: "ftp://example.com" }, 'invalid URL scheme "ftp": must be http or https'],
  [{ url: "file:///etc/passwd" }, 'invalid URL scheme "file": must be http or https'],
  [{ url: "data:text/plain,x" }, 'invalid URL scheme "data": must be http or https'],
  [{ url: "://x" }, "invalid URL: "],
  [{ url: "http://[bad" }, "invalid URL: "],
  [{ url: "http://x:99999/" }, "invalid URL: "],
  [{ url: "http://x/\n" }, "invalid URL: "],
  [{ url: `http://x/${"y".repeat(70_000)}` }, "invalid URL: "],
  [
    { url: "http://x/", method: "BAD METHOD" },
    'creating request: net/http: invalid method "BAD METHOD"',
  ],
  [
    { url: "http://x/", headers: { "A\r\nB": "c" } },
    'Get "http://x/": net/http: invalid header field name',
  ],
  [
    { url: "http://x/", headers: { A: "b\r\nC: d" } },
    'Get "http://x/": net/http: invalid header field value for "A"',
  ],
  [
    { url: "http://x/", method: "post", headers: { A: "b\u0000" } },
    'Post "http://x/": net/http: invalid header field value',
  ],
  [
    {
      url: "http://x/",
      headers: Object.fromEntries([...Array(201).keys()].map((n) => [`h${n}`, ""])),
    },
    'Get "http://x/": too many header fields',
  ],
  [{ url: "http://x/", headers: { A: "b".repeat(70_000) } }, "header exceeds maximum"],
  [{ url: "http://x/", timeoutMs: -1 }, 'Get "http://x/": context deadline exceeded'],
];

export const HTTP_CASES: readonly Case[] = [
  {
    name: "http_send: the status is always there; a header map and a body may be missing",
    permissions,
    steps: [{
      call: "http_send",
      request: { request: { url: "http://x/", headers: null, body: null } },
      response: '{"result":{"statusCode":200}}',
    }],
  },
  ...REFUSED.map(([request, errorContains]): Case => ({
    name: `http_send: ${JSON.stringify(request).slice(0, 70)} is refused`,
    permissions,
    steps: [{ call: "http_send", request: { request }, errorContains }],
  })),
];
