import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { IPAddressRanges } from "@microsoft/antissrf";
import ipaddr from "ipaddr.js";
import { judgeAddress, judgeFor, PUBLIC_ONLY } from "../src/egress/addresses.ts";
import { SPECIAL_ADDRESSES } from "../src/egress/special_addresses.ts";

// The tests' own arithmetic on addresses, with BigInt, apart from the library the code uses.

const isV6 = (cidr: string) => cidr.includes(":");

function toNumber(text: string): bigint {
  if (!isV6(text)) return text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = text.split("::");
  const groups = (half: string) => half === "" ? [] : half.split(":");
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = tail === undefined ? [] : new Array(8 - left.length - right.length).fill("0");
  return [...left, ...middle, ...right]
    .reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

function v6Text(value: bigint): string {
  return [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n]
    .map((shift) => ((value >> shift) & 0xffffn).toString(16)).join(":");
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

function rangeOf(cidr: string): Range {
  const [base = "", bits = ""] = cidr.split("/");
  const size = 1n << (BigInt(isV6(cidr) ? 128 : 32) - BigInt(bits));
  return { first: toNumber(base), last: toNumber(base) + size - 1n };
}

const V4 = SPECIAL_ADDRESSES.filter(({ cidr }) => !isV6(cidr)).map(({ cidr }) => rangeOf(cidr));
const V6 = SPECIAL_ADDRESSES.filter(({ cidr }) => isV6(cidr)).map(({ cidr }) => rangeOf(cidr));
const within = (ranges: readonly Range[], value: bigint) =>
  ranges.some(({ first, last }) => first <= value && value <= last);
const isPublicV4 = (value: bigint) => !within(V4, value);
const GLOBAL = rangeOf("2000::/3");

/** First, last and the neighbours outside of every row of one family. */
function edges(ranges: readonly Range[], bits: bigint): bigint[] {
  const all = ranges.flatMap(({ first, last }) => [first - 1n, first, last, last + 1n]);
  return [...new Set(all)].filter((value) => value >= 0n && value < 1n << bits);
}

const V4_EDGES = edges(V4, 32n);

/** Places an IPv4 address in bytes of an IPv6 address: positions as in RFC 6052 2.2. */
function placed(prefix: string, at: readonly number[], value: bigint): bigint {
  return at.reduce(
    (sum, position, index) =>
      sum | (((value >> BigInt(24 - 8 * index)) & 255n) << BigInt(8 * (15 - position))),
    toNumber(prefix),
  );
}

const ALL_ONES = 0xffff_ffffn;
const LAST = [12, 13, 14, 15];
/** Every way to carry IPv4; `reachable` where a public one may be reached in that form. */
const EMBEDDINGS: readonly (readonly [string, (value: bigint) => bigint, reachable: boolean])[] = [
  ["mapped", (value) => placed("::ffff:0:0", LAST, value), false],
  ["translated", (value) => placed("::ffff:0:0:0", LAST, value), false],
  ["compatible", (value) => placed("::", LAST, value), false],
  ["NAT64", (value) => placed("64:ff9b::", LAST, value), false],
  ["local NAT64 /96", (value) => placed("64:ff9b:1::", LAST, value), false],
  ["local NAT64 /48", (value) => placed("64:ff9b:1::", [6, 7, 9, 10], value), false],
  ["local NAT64 /56", (value) => placed("64:ff9b:1::", [7, 9, 10, 11], value), false],
  ["local NAT64 /64", (value) => placed("64:ff9b:1::", [9, 10, 11, 12], value), false],
  ["6to4", (value) => placed("2002::1", [2, 3, 4, 5], value), false],
  ["Teredo server", (value) => placed("2001::f7f7:f7f7", [4, 5, 6, 7], value), false],
  ["Teredo client", (value) => placed("2001:0:808:808::", LAST, value ^ ALL_ONES), false],
  ["ISATAP", (value) => placed("2606:4700::5efe:0:0", LAST, value), true],
  ["ISATAP, universal", (value) => placed("2606:4700::200:5efe:0:0", LAST, value), true],
];

/** Texts of one IPv4 address that the URL parser understands. */
function urlForms(value: bigint): string[] {
  const parts = v4Text(value).split(".").map(Number);
  const octal = parts.map((part) => `0${part.toString(8)}`).join(".");
  const hex = parts.map((part) => `0X${part.toString(16)}`).join(".");
  const wide = v4Text(value).replace(
    /\d/g,
    (digit) => String.fromCodePoint(0xff10 + Number(digit)),
  );
  const circled = v4Text(value).replace(
    /[1-9]/g,
    (digit) => String.fromCodePoint(0x245f + Number(digit)),
  );
  const encoded = [...v4Text(value)].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("");
  return [
    String(value),
    `0x${value.toString(16)}`,
    `0${value.toString(8)}`,
    octal,
    hex,
    `${parts[0]}.${value & 0xff_ffffn}`,
    `${parts[0]}.${parts[1]}.${value & 0xffffn}`,
    `${v4Text(value)}.`,
    wide,
    circled,
    encoded,
    `allowed.example@${v4Text(value)}`,
    `${v4Text(value)}\\@allowed.example`,
    `\t${v4Text(value)}\n`,
    v4Text(value).replaceAll(".", "。"),
  ];
}

const hostOf = (text: string) => new URL(`http://${text}/`).hostname;

Deno.test(`addresses: first, last and neighbours of every IPv4 entry (${V4_EDGES.length} cases)`, () => {
  for (const value of V4_EDGES) {
    strictEqual(judgeAddress(v4Text(value)).allowed, isPublicV4(value), v4Text(value));
  }
});

Deno.test(`addresses: every text form of them through the URL parser (${V4_EDGES.length * 15} cases)`, () => {
  for (const value of V4_EDGES) {
    for (const form of urlForms(value)) {
      const verdict = judgeAddress(hostOf(form));
      strictEqual(verdict.address, v4Text(value), form);
      strictEqual(verdict.allowed, isPublicV4(value), form);
    }
  }
});

Deno.test(
  `addresses: every embedding of them in IPv6, in three text forms (${
    V4_EDGES.length * EMBEDDINGS.length * 3
  } cases)`,
  () => {
    for (const [name, embed, reachable] of EMBEDDINGS) {
      for (const value of V4_EDGES) {
        const text = v6Text(embed(value));
        for (const form of [text, text.toUpperCase(), hostOf(`[${text}]`)]) {
          const verdict = judgeAddress(form);
          const what = `${name} of ${v4Text(value)}: ${form}`;
          strictEqual(verdict.allowed, reachable && isPublicV4(value), what);
        }
      }
    }
  },
);

Deno.test("addresses: a refused embedded IPv4 is named in the reason, with its source", () => {
  const forms = EMBEDDINGS.map(([, embed]) => judgeAddress(v6Text(embed(toNumber("10.1.2.3")))));
  deepStrictEqual(
    forms.map((verdict) => verdict.allowed || verdict.reason.replace(/ of .*/, " of …")),
    [
      "IPv4-mapped of …",
      "IPv4-translated of …",
      "IPv4-compatible of …",
      "NAT64 of …",
      ...new Array(4).fill("local NAT64 of …"),
      "6to4 of …",
      ...new Array(2).fill("Teredo of …"),
      ...new Array(2).fill("ISATAP of …"),
    ],
  );
  const verdict = judgeAddress("2002:a01:203::");
  ok(!verdict.allowed && verdict.reason === "6to4 of private-use");
  ok(verdict.source.includes("RFC 3056") && verdict.source.includes("RFC 1918"));
  for (const [name, embed] of EMBEDDINGS) {
    const metadata = judgeAddress(v6Text(embed(toNumber("169.254.169.254"))));
    ok(!metadata.allowed && metadata.metadata, name);
  }
});

const V6_EDGES = edges([...V6, GLOBAL], 128n);
Deno.test(`addresses: first, last and neighbours of every IPv6 entry (${V6_EDGES.length} cases)`, () => {
  for (const value of V6_EDGES) {
    const isGlobal = within([GLOBAL], value) && !within(V6, value);
    for (const form of [v6Text(value), hostOf(`[${v6Text(value)}]`)]) {
      strictEqual(judgeAddress(form).allowed, isGlobal, form);
    }
  }
});

Deno.test("addresses: every entry gives its reason and source for its first address", () => {
  for (const { cidr, reason, source, kind } of SPECIAL_ADDRESSES) {
    ok(source.length > 5);
    // Their first addresses belong to a longer prefix.
    if (cidr === "::/96" || cidr === "2001::/23") continue;
    const first = cidr.split("/")[0]!;
    const verdict = judgeAddress(first);
    ok(!verdict.allowed);
    ok(
      verdict.reason === reason || verdict.reason.startsWith(`${reason} of `),
      `${cidr}: ${verdict.reason}`,
    );
    strictEqual(verdict.metadata, kind === "metadata", cidr);
  }
});

const NOT_ADDRESSES = [
  ...["", " ", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x8.8.8.8", "8.8.8.256", "8.8.8.8 "],
  ...[
    "8.8.8.8/32",
    "8.8.8.8:53",
    "134744072",
    "::ffff:0177.0.0.1",
    "::ffff:8.8.8",
    "2606:4700::1%1",
  ],
  ...["[2606:4700::1", "2606:4700:::1", "2606:4700::g", "１.１.１.１", "8.8.8.8\0", "1.1.1.1\n"],
];
Deno.test(`addresses: what is no strict address is refused (${NOT_ADDRESSES.length} cases)`, () => {
  for (const text of NOT_ADDRESSES) {
    const verdict = judgeAddress(text);
    ok(!verdict.allowed && verdict.reason === "not an address", JSON.stringify(text));
  }
});

Deno.test("addresses: everything Microsoft's AntiSSRF lists is refused, first and last", () => {
  const listed = Object.values(IPAddressRanges).flat().filter((cidr) => typeof cidr === "string");
  ok(listed.length > 60);
  for (const cidr of listed) {
    const { first, last } = rangeOf(cidr);
    for (const value of [first, last]) {
      const text = isV6(cidr) ? v6Text(value) : v4Text(value);
      ok(!judgeAddress(text).allowed, `${text} of ${cidr}`);
    }
  }
});

/** 50 addresses of the table in hostile-input: each block, and each way to carry 10.0.0.1 or 127.0.0.1. */
const PROBES = [
  ...[
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
  ],
  ...["168.63.129.16", "169.254.169.254", "192.0.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1"],
  ...["203.0.113.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "192.88.99.1", "198.18.0.1"],
  ...[
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:0:a00:1",
  ],
  ...["::a00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "100::1", "100:0:0:1::1", "2001::1"],
  ...["2001:0:808:808::f5ff:fffe", "2001:2::1", "2001:db8::1", "3fff::1", "2002:a00:1::1"],
  ...["2620:4f:8000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"],
  ...["4000::1", "8000::1", "fe00::1", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:a00:1"],
  "2001:4860::5efe:7f00:1",
];

Deno.test("addresses: 50 probes: all are refused here; what others refuse is printed", () => {
  strictEqual(PROBES.length, 50);
  strictEqual(new Set(PROBES).size, 50);
  const antissrf = IPAddressRanges.recommendedLatest.map((cidr: string) =>
    [cidr, rangeOf(cidr)] as const
  );
  const refusedBy = {
    soundproof: PROBES.filter((probe) => !judgeAddress(probe).allowed),
    ipaddr: PROBES.filter((probe) => ipaddr.parse(probe).range() !== "unicast"),
    antissrf: PROBES.filter((probe) => {
      const parsed = ipaddr.process(probe);
      const value = BigInt(
        `0x${parsed.toByteArray().map((byte) => byte.toString(16).padStart(2, "0")).join("")}`,
      );
      return antissrf.some(([cidr, range]) =>
        isV6(cidr) === (parsed.kind() === "ipv6") && within([range], value)
      );
    }),
  };
  // deno-lint-ignore no-console -- the comparison is for the reader of the test's output
  console.log(
    `50 probes refused: ${
      Object.entries(refusedBy).map(([who, all]) => `${who} ${all.length}`).join(", ")
    }`,
  );
  strictEqual(refusedBy.soundproof.length, 50);
  ok(refusedBy.ipaddr.length < 50 && refusedBy.antissrf.length < 50);
});

const local = { localNetwork: true, named: [] };
const named = (...entries: string[]) => ({ localNetwork: false, named: entries });
const GRANTED:
  readonly (readonly [boolean, { localNetwork: boolean; named: string[] }, string, string])[] = [
    [true, local, "nas", "192.168.1.5"],
    [true, local, "nas", "10.0.0.1"],
    [true, local, "nas", "127.0.0.1"],
    [true, local, "nas", "::1"],
    [true, local, "nas", "fd12::1"],
    [true, local, "nas", "8.8.8.8"],
    [false, local, "nas", "169.254.1.1"],
    [false, local, "nas", "fe80::1"],
    [false, local, "nas", "100.64.0.1"],
    [false, local, "nas", "0.0.0.0"],
    [false, local, "nas", "224.0.0.1"],
    [false, local, "nas", "169.254.169.254"],
    [false, local, "nas", "fd00:ec2::254"],
    [false, local, "nas", "::ffff:192.168.1.5"],
    [false, local, "nas", "2002:a00:1::"],
    [true, named("192.168.1.5"), "192.168.1.5", "192.168.1.5"],
    [false, named("192.168.1.5"), "192.168.1.6", "192.168.1.6"],
    [true, named("192.168.1.0/24"), "nas", "192.168.1.255"],
    [false, named("192.168.1.0/24"), "nas", "192.168.2.0"],
    [true, named("NAS.lan"), "nas.LAN.", "192.168.1.5"],
    [true, named("nas.lan"), "nas.lan", "100.64.0.1"],
    [false, named("nas.lan"), "other.lan", "192.168.1.5"],
    [false, named("nas.lan"), "nas.lan", "169.254.169.254"],
    [false, named("nas.lan"), "nas.lan", "169.254.1.1"],
    [true, named("169.254.169.254"), "x", "169.254.169.254"],
    [true, named("169.254.169.254/32"), "x", "169.254.169.254"],
    [false, named("169.254.169.0/24"), "x", "169.254.169.254"],
    [false, named("0.0.0.0/0"), "x", "100.100.100.200"],
    [false, named("fd00::/8"), "x", "fd00:ec2::254"],
    [true, named("fd00:ec2::254"), "x", "fd00:ec2::254"],
    [false, named("169.254.169.254"), "x", "::ffff:169.254.169.254"],
    [false, named("::ffff:127.0.0.1"), "x", "::ffff:127.0.0.1"],
    [false, named("0.0.0.0"), "x", "0.0.0.0"],
    [true, named("fe80::/10"), "x", "fe80::1"],
    [true, named("64:ff9b::/96"), "x", "64:ff9b::8.8.8.8"],
    [false, named("64:ff9b::/96"), "x", "64:ff9b::10.0.0.1"],
    [false, named("64:ff9b::/96"), "x", "64:ff9b::a9fe:a9fe"],
    [
      false,
      named("192.168.1.5/33", "192.168.1.5/", "192.168.1.5/x", "/24", ""),
      "x",
      "192.168.1.5",
    ],
    [false, named("x"), "x", "not an address"],
  ];
Deno.test(`addresses: what a grant opens, and what it does not (${GRANTED.length} cases)`, () => {
  for (const [allowed, policy, host, address] of GRANTED) {
    const what = `${JSON.stringify(policy)} ${host} ${address}`;
    strictEqual(judgeFor(policy, host, address).allowed, allowed, what);
  }
  for (const value of V4_EDGES) {
    deepStrictEqual(judgeFor(PUBLIC_ONLY, "x", v4Text(value)), judgeAddress(v4Text(value)));
  }
});
