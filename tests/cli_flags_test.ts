import assert from "node:assert/strict";
import {
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
    listen: { hostname: "127.0.0.1", port: 4747 },
    named: [],
    ...facts,
  };
}

/** A plan and the flags that it must come to. */
const CASES: readonly [string, LaunchPlan, readonly string[]][] = [
  ["start", plan("start"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data",
    "--allow-write=/home/me/data",
    "--allow-net=127.0.0.1:4747",
    "--deny-import",
  ]],
  [
    "start with an absolute data folder and an IPv6 address",
    plan("start --data /srv/sound", {
      listen: { hostname: "::1", port: 80 },
    }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/srv/sound",
      "--allow-write=/srv/sound",
      "--allow-net=[::1]:80",
      "--deny-import",
    ],
  ],
  ["start with a relative data folder that goes up", plan("start --data ../you/./data/"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/you/data",
    "--allow-write=/home/you/data",
    "--allow-net=127.0.0.1:4747",
    "--deny-import",
  ]],
  ["start with plugins elsewhere, which are only read", plan("start", {}, "/srv/plugins"), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/srv/plugins",
    "--allow-write=/home/me/data",
    "--allow-net=127.0.0.1:4747",
    "--deny-import",
  ]],
  [
    "start with plugins elsewhere, not made yet",
    plan("start", { pluginsDirExists: false }, "../p"),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/p",
      "--allow-write=/home/me/data,/home/me/p",
      "--allow-net=127.0.0.1:4747",
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
      "--allow-net=127.0.0.1:4747",
      "--deny-import",
    ],
  ],
  ["start with code from JSR", plan("start", { source: [], sourceHost: "jsr.io" }), [
    "--no-prompt",
    "--allow-read=/home/me/data",
    "--allow-write=/home/me/data",
    "--allow-net=127.0.0.1:4747",
    "--allow-import=jsr.io",
  ]],
  ["a neighbour whose name only begins alike", plan("start", { linkTargets: ["/home/me/data2"] }), [
    "--no-prompt",
    "--allow-read=/opt/soundproof/src,/home/me/data,/home/me/data2",
    "--allow-write=/home/me/data",
    "--allow-net=127.0.0.1:4747",
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

const NOTHING: Grants = { read: [], write: [], net: [], env: [], imports: [] };

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
