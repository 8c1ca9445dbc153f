import assert from "node:assert/strict";
import {
  deniedRanges,
  type Grants,
  grantsOf,
  type LaunchPlan,
  parseCommand,
  permissionFlags,
  placesOf,
} from "../src/cli/mod.ts";

/** The plan of a command line typed in `/home/me`, with the code in `/opt/soundproof`. */
function plan(line: string, facts: Partial<LaunchPlan> = {}, pluginsFolder?: string): LaunchPlan {
  const command = parseCommand(line.split(" "));
  const options = "data" in command ? command : { data: "data", json: false };
  const configuration = pluginsFolder === undefined ? {} : { pluginsFolder };
  return {
    command,
    places: placesOf(options, "/home/me", configuration),
    source: ["/opt/soundproof/src"],
    linkTargets: [],
    realPaths: [],
    pluginsDirExists: true,
    localAddresses: [],
    musicServer: { read: [], write: [], env: [], addresses: [] },
    named: [],
    written: [],
    ...facts,
  };
}

/** The network of a command that runs plugins: all of it but what is nobody's business. */
const NET = ["--allow-net", `--deny-net=${deniedRanges([]).join(",")}`];

/** A service runs. */
const SERVICE = {
  service: "http://127.0.0.1:4747",
  linkTargets: ["/work/plugin"],
  realPaths: ["/srv/real"],
  musicServer: { read: ["/srv/music"], write: ["/srv/music"], env: ["P"], addresses: [] },
};

/** A plan and the flags that it must come to. */
const CASES: readonly [string, LaunchPlan, readonly string[]][] = [
  ["start", plan("start"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data",
    "--allow-write=/home/me/data",
    ...NET,
    "--deny-import",
  ]],
  [
    "start with an absolute data folder",
    plan("start --data /srv/sound"),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/srv/sound",
      "--allow-write=/srv/sound",
      ...NET,
      "--deny-import",
    ],
  ],
  ["start with a relative data folder that goes up", plan("start --data ../you/./data/"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/you/data",
    "--allow-write=/home/you/data",
    ...NET,
    "--deny-import",
  ]],
  [
    "start on a socket",
    plan("start", { listening: { read: ["/run/s.sock"], write: ["/run/s.sock"], addresses: [] } }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/run/s.sock",
      "--allow-write=/home/me/data,/run/s.sock",
      ...NET,
      "--deny-import",
    ],
  ],
  [
    "start on all addresses, with a certificate",
    plan("start", { listening: { read: ["/etc/cert"], write: [], addresses: ["0.0.0.0"] } }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/etc/cert",
      "--allow-write=/home/me/data",
      "--allow-net",
      `--deny-net=${deniedRanges([]).filter((cidr) => cidr !== "0.0.0.0/8").join(",")}`,
      "--deny-import",
    ],
  ],
  [
    "start on a private address",
    plan("start", { listening: { read: [], write: [], addresses: ["192.168.1.5"] } }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data",
      "--allow-write=/home/me/data",
      "--allow-net",
      `--deny-net=${deniedRanges(["192.168.1.5"]).join(",")}`,
      "--deny-import",
    ],
  ],
  [
    "start with a music server",
    plan("start", {
      musicServer: {
        read: ["/etc/password", "/srv/music", "/srv/books"],
        write: ["/srv/books"],
        env: ["PASSWORD"],
        addresses: ["192.168.1.9"],
      },
    }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/etc/password,/srv/music,/srv/books",
      "--allow-write=/home/me/data,/srv/books",
      "--allow-net",
      `--deny-net=${deniedRanges(["192.168.1.9"]).join(",")}`,
      "--allow-env=PASSWORD",
      "--deny-import",
    ],
  ],
  [
    "plugin list with a music server, which it does not write into",
    plan("plugin list", {
      musicServer: { read: ["/srv/music"], write: ["/srv/music"], env: [], addresses: [] },
    }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/srv/music",
      "--allow-write=/home/me/data",
      "--deny-import",
    ],
  ],
  ["start with plugins elsewhere, which it installs into", plan("start", {}, "/srv/plugins"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/srv/plugins",
    "--allow-write=/home/me/data,/srv/plugins",
    ...NET,
    "--deny-import",
  ]],
  [
    "start with plugins elsewhere, not made yet",
    plan("start", { pluginsDirExists: false }, "../p"),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/p",
      "--allow-write=/home/me/data,/home/me/p",
      ...NET,
      "--deny-import",
    ],
  ],
  [
    "start with a configuration elsewhere and linked plugins",
    plan("start --config /etc/s.toml", {
      linkTargets: ["/work/plugin a", "/work/plugin a", "/home/me/data/plugins/b"],
    }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/etc/s.toml,/work/plugin a",
      "--allow-write=/home/me/data",
      ...NET,
      "--deny-import",
    ],
  ],
  ["start with code from JSR", plan("start", { source: [], sourceHost: "jsr.io" }), [
    "--no-prompt",
    "--allow-read=/home/me/data",
    "--allow-write=/home/me/data",
    ...NET,
    "--allow-import=jsr.io",
  ]],
  ["a neighbour whose name only begins alike", plan("start", { linkTargets: ["/home/me/data2"] }), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/data2",
    "--allow-write=/home/me/data",
    ...NET,
    "--deny-import",
  ]],
  ["plugin list", plan("plugin list"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data",
    "--allow-write=/home/me/data",
    "--deny-import",
  ]],
  [
    "plugin call with an input file",
    plan("plugin call a b --input-file x", { named: ["/home/me/x"] }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/x",
      "--allow-write=/home/me/data",
      ...NET,
      "--deny-import",
    ],
  ],
  ["plugin disable with plugins elsewhere", plan("plugin disable a", {}, "/srv/plugins"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/srv/plugins",
    "--allow-write=/home/me/data",
    "--deny-import",
  ]],
  ["plugin remove with plugins elsewhere", plan("plugin remove a", {}, "/srv/plugins"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/srv/plugins",
    "--allow-write=/home/me/data,/srv/plugins",
    "--deny-import",
  ]],
  [
    "plugin install of a file",
    plan("plugin install a.ndp", { named: ["/home/me/a.ndp"] }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/a.ndp",
      "--allow-write=/home/me/data",
      ...NET,
      "--deny-import",
    ],
  ],
  ["plugin list by a running service", plan("plugin list", SERVICE), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data/token",
    "--allow-net=127.0.0.1:4747",
    "--deny-import",
  ]],
  [
    "plugin install of a file by a running service",
    plan("plugin install a.ndp", { ...SERVICE, named: ["/home/me/a.ndp"] }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data/token,/home/me/a.ndp",
      "--allow-net=127.0.0.1:4747",
      "--deny-import",
    ],
  ],
  [
    "plugin install of a URL by a running service",
    plan("plugin install https://example.com/a.ndp", SERVICE),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data/token",
      ...NET,
      "--deny-import",
    ],
  ],
  ["plugin list by a service at IPv6", plan("plugin list", { service: "http://[::1]:80" }), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data/token",
    "--allow-net=[::1]:80",
    "--deny-import",
  ]],
  ["plugin list by a service at a socket", plan("plugin list", { service: "unix:/run/s.sock" }), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data/token,/run/s.sock",
    "--allow-write=/run/s.sock",
    "--allow-net=unix:/run/s.sock,localhost:80",
    "--deny-import",
  ]],
  ["plugin dev, which makes a link", plan("plugin dev a", SERVICE), [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--deny-import",
  ]],
  [
    "plugin pack",
    plan("plugin pack ./a", {
      named: ["/home/me/a"],
      written: ["/home/me/a.ndp", "/home/me/a.ndp.part"],
    }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/a,/home/me/a.ndp,/home/me/a.ndp.part",
      "--allow-write=/home/me/a.ndp,/home/me/a.ndp.part",
      "--deny-import",
    ],
  ],
  [
    "token list",
    plan("token list", { musicServer: { read: ["/m"], write: [], env: ["P"], addresses: [] } }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data",
      "--allow-write=/home/me/data",
      "--deny-import",
    ],
  ],
  ["plugin validate of a package", plan("plugin validate ./a.ndp", { named: ["/home/me/a.ndp"] }), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/a.ndp",
    "--deny-import",
  ]],
];
for (const [name, input, wanted] of CASES) {
  Deno.test(`${name} gets exactly these flags`, () => {
    assert.deepEqual(permissionFlags(grantsOf(input)), wanted);
  });
}

const NOTHING: Grants = { read: [], write: [], net: "nothing", env: [], imports: [] };

Deno.test("no grant is no permission at all", () => {
  assert.deepEqual(permissionFlags(NOTHING), ["--no-prompt", "--deny-import"]);
});

for (const path of ["/srv/a,b", ",", ""]) {
  Deno.test(`the path ${JSON.stringify(path)} is refused, since Deno would read it as another`, () => {
    assert.throws(() => permissionFlags({ ...NOTHING, write: [path] }), {
      code: "cli.path_unusable",
    });
  });
}

for (const data of ["/opt/soundproof/src", "/opt/soundproof", "/opt", "/"]) {
  Deno.test(`the data folder ${data} is refused, since the service could write its own code`, () => {
    assert.throws(() => grantsOf(plan(`start --data ${data}`)), { code: "cli.path_unusable" });
  });
}

Deno.test("a data folder that is a link around the code is refused", () => {
  const linked = plan("start", { realPaths: ["/opt/soundproof"] });
  assert.throws(() => grantsOf(linked), { code: "cli.path_unusable" });
});

Deno.test("a plugins folder that is to be made around the code is refused", () => {
  const around = plan("start", { pluginsDirExists: false }, "/opt/soundproof");
  assert.throws(() => grantsOf(around), { code: "cli.path_unusable" });
});

/** What the configuration opens, an address block, and whether the process is denied it then. */
const RANGES: readonly [readonly string[], string, boolean][] = [
  [[], "10.0.0.0/8", true],
  [[], "192.168.0.0/16", true],
  [[], "169.254.0.0/16", true],
  [[], "169.254.169.254/32", true],
  [[], "0.0.0.0/8", true],
  [[], "127.0.0.0/8", false],
  [["192.168.1.5"], "192.168.0.0/16", false],
  [["192.168.1.5"], "10.0.0.0/8", true],
  [["0.0.0.0/0"], "10.0.0.0/8", false],
  [["0.0.0.0/0"], "169.254.169.254/32", true],
  [["0.0.0.0/0"], "224.0.0.0/4", true],
  [["169.254.0.0/16"], "169.254.169.254/32", true],
  [["169.254.169.254"], "169.254.169.254/32", false],
  [["169.254.169.254"], "169.254.170.2/32", true],
];
for (const [opened, block, denied] of RANGES) {
  Deno.test(`with ${JSON.stringify(opened)} opened, ${block} is ${denied ? "" : "not "}denied`, () => {
    assert.equal(deniedRanges(opened).includes(block), denied);
  });
}

Deno.test("no IPv6 block is among the denied ones, since Deno refuses to start with one", () => {
  assert.ok(deniedRanges([]).every((block) => !block.includes(":")));
});

Deno.test("commands that run no plugin have no network", () => {
  for (const line of ["plugin list", "plugin info a", "plugin validate ./a", "plugin disable a"]) {
    assert.equal(grantsOf(plan(line)).net, "nothing", line);
  }
});
