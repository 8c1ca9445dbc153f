import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Dns, loopbackServer, networkHost, NOTHING } from "./support/network_host.ts";

const PUBLIC = "93.184.215.14";
const ANY = { http: { requiredHosts: ["*.example.com"] } };

/** What a name resolves to, none of which may be connected to. */
const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  ["a private address", ["10.0.0.1"]],
  ["loopback", ["127.0.0.1"]],
  ["a public address first, a private one after it", [PUBLIC, "192.168.1.1"]],
  ["a private address first, a public one after it", ["192.168.1.1", PUBLIC]],
  ["a public IPv4 and a unique local IPv6", [PUBLIC, "fd00::1"]],
  ["loopback, mapped into IPv6", ["::ffff:127.0.0.1"]],
  ["a metadata service, mapped into IPv6", ["::ffff:a9fe:a9fe"]],
  ["a private address behind NAT64", ["64:ff9b::10.0.0.1"]],
  ["a private address in 6to4", ["2002:a00:1::1"]],
  ["IPv6 loopback", ["::1"]],
  ["a metadata service", ["169.254.169.254"]],
  ["carrier NAT", ["100.64.0.1"]],
  ["this network", ["0.0.0.0"]],
  ["ten public addresses and one private one", [...Array(10).fill(PUBLIC), "172.16.0.1"]],
  ["what is no address", ["private.example.com"]],
  ["an octal address", ["0177.0.0.1"]],
];

Deno.test("a name with any private answer is refused to a guest", async (t) => {
  await using server = loopbackServer();
  const dns: Dns = Object.fromEntries(
    REFUSED.map(([, addresses], index) => [`n${index}.example.com`, addresses]),
  );
  await using use = await networkHost({ p: { ...ANY, local: NOTHING } }, dns);
  for (const [index, [answer]] of REFUSED.entries()) {
    await t.step(`an answer of ${answer}`, async () => {
      const host = `n${index}.example.com`;
      const { codes, text, subjects } = await use.refused("p", `http://${host}:${server.port}/`);
      deepStrictEqual(codes, ["egress.address_refused"]);
      match(text, /is not allowed: .*private or reserved address/);
      ok(!REFUSED[index]?.[1].some((address) => text.includes(address)), "tells the address");
      ok(subjects.includes(`http://${host}:${server.port}/`));
    });
  }
  strictEqual(server.seen.length, 0);
});

Deno.test("the address in a URL is judged like a resolved one", async (t) => {
  await using server = loopbackServer();
  await using use = await networkHost({ p: { http: { requiredHosts: ["*"] }, local: NOTHING } });
  const hosts = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "①②⑦.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "0",
    "user:secret@127.0.0.1",
    "%31%32%37.0.0.1",
  ];
  for (const host of hosts) {
    await t.step(host, async () => {
      const { codes } = await use.refused("p", `http://${host}:${server.port}/?key=1`);
      deepStrictEqual(codes, ["egress.address_refused"]);
    });
  }
  strictEqual(server.seen.length, 0);
});

Deno.test("an answer that turns private between two requests is refused the second time", async () => {
  await using server = loopbackServer();
  let turn = 0;
  const dns: Dns = {
    // The servers of tests are on loopback, which the grant opens: here 10.0.0.1 is what must not be reached.
    "rebinds.example.com": () => Promise.resolve(turn++ === 0 ? ["127.0.0.1"] : ["10.0.0.1"]),
  };
  await using use = await networkHost({ p: ANY }, dns);
  const url = `http://rebinds.example.com:${server.port}/`;
  // `connection: close` from the server: a second connection, and with it a second look-up, is needed.
  await using once = loopbackServer(() => new Response("hi", { headers: { connection: "close" } }));
  strictEqual((await use.send("p", url.replace(`${server.port}`, `${once.port}`))).body, "hi");
  deepStrictEqual((await use.refused("p", url)).codes, ["egress.address_refused"]);
  deepStrictEqual(use.asked, ["rebinds.example.com", "rebinds.example.com"]);
  strictEqual(server.seen.length, 0);
});

Deno.test("the connection goes to the address that was judged, not to another look-up's", async () => {
  await using server = loopbackServer();
  let turn = 0;
  const dns: Dns = { "a.example.com": () => Promise.resolve(turn++ === 0 ? ["127.0.0.1"] : [""]) };
  await using use = await networkHost({ p: ANY }, dns);
  strictEqual((await use.send("p", `http://a.example.com:${server.port}/`)).status, 200);
  strictEqual(use.asked.length, 1);
});

Deno.test("the next judged address is tried where the first does not answer", async () => {
  await using server = loopbackServer();
  const local = { addresses: ["127.0.0.0/8"] };
  // Nobody listens on 127.0.0.9.
  const dns: Dns = { "cname.example.com": ["127.0.0.9", "127.0.0.1"] };
  await using use = await networkHost({ p: { ...ANY, local } }, dns);
  strictEqual((await use.send("p", `http://cname.example.com:${server.port}/`)).body, "hi");
});

Deno.test("names without an answer fail with their reason", async (t) => {
  const dns: Dns = {
    "none.example.com": [],
    "broken.example.com": () => Promise.reject(new Error("SERVFAIL of 10.0.0.53")),
    "slow.example.com": (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    "never.example.com": () => new Promise(() => {}),
  };
  await using use = await networkHost({ p: { ...ANY, local: NOTHING } }, dns);
  const limits = { cell: { callTimeoutMs: 1_500 } };
  await using short = await networkHost({ p: { ...ANY, local: NOTHING } }, dns, { limits });
  for (const name of ["none", "broken"]) {
    await t.step(name, async () => {
      const { codes, text } = await use.refused("p", `http://${name}.example.com/`);
      deepStrictEqual(codes, ["egress.resolution_failed"]);
      match(text, /the host name has no address/);
    });
  }
  for (const name of ["slow", "never"]) {
    await t.step(`${name}: ended at the deadline of the call`, async () => {
      const start = performance.now();
      const { text } = await short.refused("p", `http://${name}.example.com/`);
      match(text, /deadline of 1500 ms/);
      ok(performance.now() - start < 10_000);
    });
  }
  await t.step("the plugin is served afterwards", async () => {
    const { codes } = await short.refused("p", "http://none.example.com/");
    deepStrictEqual(codes, ["egress.resolution_failed"]);
  });
});
