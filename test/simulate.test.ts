/** `mayfly simulate`, as a user types it, with small numbers. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { reportSchema } from "../src/simulator/report/report.ts";
import { mayfly } from "./command.ts";
import { startPlatform, createScope, temporaryFolder } from "./platform.ts";

describe("mayfly simulate", () => {
  test("prints tables, a verdict and the cases in which Mayfly's policy loses, and writes a page", async (context) => {
    const html = join(temporaryFolder(context), "report.html");
    const { code, stdout, stderr } = await mayfly(
      ["simulate", "--family", "timers,bursts", "--hours", "1", "--apps", "2", "--seed", "101,102", "--html", html],
      {},
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^timers \(synthetic\): 2 apps, 1\.\d\d h, /m);
    assert.match(stdout, /^mayfly +\d/m);
    assert.match(stdout, /^fixed-10min +\d/m);
    assert.match(stdout, /^Reached \d+ of 14 targets: .*synthetic/m);
    assert.match(stderr, /simulating timers/);
    assert.match(readFileSync(html, "utf8"), /^<!doctype html>[\s\S]*<svg/);
  });

  test("--json has the documented shape", async () => {
    const args = ["--family", "rare", "--hours", "2", "--apps", "3", "--seed", "101", "--policy", "mayfly,oracle", "--frontier"];
    const { code, stdout, stderr } = await mayfly(["simulate", ...args, "--wait-worth", "10", "--machine", "slow", "--json"], {});
    assert.equal(code, 0, stderr);
    const report = reportSchema.parse(JSON.parse(stdout));
    assert.deepEqual([report.machine.name, report.worth.wait, report.seeds], ["slow", 10, [101]]);
    assert.equal(report.workloads[0]?.frontier.length, 11);
  });

  test("repeats a recorded live run, and says how many machines that run started", async (context) => {
    const record = join(temporaryFolder(context), "run.jsonl");
    const scope = createScope();
    const platform = await startPlatform(scope, { driver: "process", record });
    await platform.deploy("examples/hello");
    for (let call = 0; call < 10; call++) await (await platform.call("/hello/hello")).text();
    await scope.close();
    const { code, stdout, stderr } = await mayfly(
      ["simulate", "--trace", `recorded:${record}`, "--policy", "mayfly,kpa", "--seed", "101"],
      {},
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^recorded \(recorded run run\.jsonl\): 1 app, .* 10 invocations; \d+ starts live, \d+ simulated$/m);
  });

  test("unknown values are refused with the list of known ones", async (context) => {
    const bad = join(temporaryFolder(context), "bad.csv");
    writeFileSync(bad, "a,b\n1,2\n");
    const cases: [string[], number, RegExp][] = [
      [["--family", "weekly"], 2, /no family "weekly"; there are steady, diurnal, /],
      [["--policy", "best"], 2, /no policy "best"; there are oracle, mayfly, never, /],
      [["--machine", "tiny"], 2, /no machine "tiny"; there are qemu, slow/],
      [["--seed", "x"], 2, /"x" is not a seed/],
      [["--hours", "0"], 2, /a number of 0\.01 to 8784/],
      [["--family", "rare", "--trace", `azure2021:${bad}`], 2, /cannot be used together/],
      [["--trace", `azure2021:${bad}`], 2, /bad\.csv has no column app/],
      [["--trace", "azure2021:/nowhere.csv"], 5, /\/nowhere\.csv cannot be used/],
    ];
    for (const [args, expected, pattern] of cases) {
      const { code, stderr } = await mayfly(["simulate", ...args], {});
      assert.match(stderr, pattern);
      assert.equal(code, expected, args.join(" "));
    }
  });
});
