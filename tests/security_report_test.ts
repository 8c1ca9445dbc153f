import { deepStrictEqual, match, ok } from "node:assert/strict";
import { FILES, readReport, tell } from "./security.ts";

let line = 0;
const CASE = (name: string, content = "", at = ++line) =>
  `<testcase name="${name}" classname="./tests/a.ts" line="${at}">${content}</testcase>\n`;

Deno.test("a promise has as many cases as steps, or as its name says, and is broken with any of them", () => {
  const xml = `<testsuites><testsuite name="./tests/a_test.ts" tests="9">${
    CASE("one &amp; only") + CASE("kept") + CASE("kept &gt; a") + CASE("kept &gt; b") +
    CASE("kept &gt; b &gt; deep") + CASE("told [250 cases]") + CASE("fails") +
    CASE("fails &gt; a", '<failure message="no"></failure>') + CASE("skipped", "<skipped/>") +
    CASE("a name that has &quot;a&quot; is refused", "", 99) +
    CASE("a name that has &quot;b&quot; is refused", "", 99) + CASE("alone", "", 100) +
    CASE("another", "", 100)
  }</testsuite></testsuites>`;
  deepStrictEqual(
    readReport(xml).map(({ sentence, cases, state }) => [sentence, cases, state]),
    [
      ["one & only", 1, "kept"],
      ["kept", 2, "kept"],
      ["told", 250, "kept"],
      ["fails", 1, "broken"],
      ["skipped", 1, "not tried"],
      ["a name that has …", 2, "kept"],
      ["alone", 1, "kept"],
      ["another", 1, "kept"],
    ],
  );
  match(tell(readReport(xml)), /BROKEN +1 {2}fails\n[^]*8 promises, 259 cases, 1 broken\n$/);
});

Deno.test("every file of the network is among the promises, and the reporter's own is not", () => {
  const names = [...Deno.readDirSync("tests")].map(({ name }) => name);
  const chosen = names.filter((name) => FILES.test(name));
  ok(names.filter((name) => name.startsWith("network_")).every((name) => chosen.includes(name)));
  ok(!chosen.includes("security_report_test.ts"));
});
