import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { LogLevel } from "../wire/protocol.ts";
import { PrintedLines } from "./printed-lines.ts";

function opened() {
  const clock = new FakeClock();
  const told: [LogLevel, string][] = [];
  const lines = new PrintedLines((level, text) => told.push([level, text]), clock);
  return { clock, told, lines };
}

const trace = ["<--- Last few GCs --->", "[1:0x1] 8 ms: Scavenge", "FATAL ERROR: Reached heap limit", " 1: 0xe1 node::OnFatalError"];

test("lines are logged at once, those of the second output as errors", () => {
  const { told, lines } = opened();
  lines.take("one", false);
  lines.take("", false);
  lines.take("two", true);
  assert.deepEqual(told, [
    [LogLevel.Info, "one"],
    [LogLevel.Error, "two"],
  ]);
});

test("what a runtime prints when it dies is left to the machine's end", () => {
  const { told, lines } = opened();
  lines.take("before", false);
  for (const line of trace) lines.take(line, true);
  lines.close(false);
  assert.deepEqual(told, [[LogLevel.Info, "before"]]);
});

test("what only looks like that is logged when the machine lives on, or is ended by the host", async () => {
  for (const asked of [true, false]) {
    const { clock, told, lines } = opened();
    for (const line of trace) lines.take(line, true);
    if (asked) lines.close(true);
    else await clock.advance(60_000);
    assert.deepEqual(
      told.map(([, text]) => text),
      trace,
    );
    if (asked) continue;
    lines.take("after", false);
    assert.equal(told.at(-1)![1], "after");
  }
});

test("lines beyond what is kept of a machine are counted, and the count is logged", async () => {
  const { clock, told, lines } = opened();
  for (let n = 0; n < 3_000; n++) lines.take("x".repeat(8_192), false);
  const kept = told.length;
  assert.ok(kept > 0 && kept < 300, String(kept));
  await clock.advance(1_000);
  assert.deepEqual(told.at(-1), [
    LogLevel.Platform,
    `Dropped ${3_000 - kept} log lines: programs in this machine print more than can be kept.`,
  ]);
});
