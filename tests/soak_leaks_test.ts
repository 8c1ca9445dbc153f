// What the soak finds when something leaks.

import assert from "node:assert/strict";
import { mayRun, soak } from "./support/soak_run.ts";

Deno.test({
  name: "a file, a worker, a timer or memory that a round leaves behind is found, each by its name",
  ignore: !mayRun,
  async fn() {
    const { code, reasons, text } = await soak("--leak=handle,worker,timer,large");
    const found = reasons.map((reason: string) => /^grows: (\w+)/.exec(reason)?.[1] ?? reason);
    // The memory of the process may show what the four leave, or be too noisy to.
    const named = found.filter((reason: string) => reason !== "busyRss").sort();
    assert.deepEqual([code, named], [1, ["handles", "live", "threads", "timers"]], text);
  },
});
