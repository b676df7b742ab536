import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, callerInWords, outcomeInWords, traceIn } from "./invocation.ts";

test("a call's time is bars one after the other that fill the line; what took no time is left out", () => {
  const bars = barsOf({ spans: { queue: 0, start: 300, bind: 100, run: 500 }, slotMs: 600 });
  assert.deepEqual(
    bars.map(({ name, left, width }) => [name, left, width]),
    [
      ["start", 0, 0.3],
      ["bind", 0.3, 0.1],
      ["run", 0.4, 0.5],
      ["rest", 0.9, 0.1],
    ],
  );
  assert.match(bars[0]!.words, /^It waited 300 ms for a machine to start\.$/);
});

test("a call that was refused at once has no bar, and one that ran for no time has one", () => {
  assert.deepEqual(barsOf({ spans: { queue: 0, start: 0, bind: 0, run: 0 }, slotMs: null }), []);
  assert.deepEqual(
    barsOf({ spans: { queue: 0, start: 0, bind: 0, run: 0 }, slotMs: 0 }).map(({ name }) => name),
    ["run"],
  );
});

test("what called a function, and how that ended, are said in words; what is not known stays as it is", () => {
  assert.equal(callerInWords({ kind: "event", source: { kind: "schedule", name: "nightly" } }), "a schedule, nightly");
  assert.equal(callerInWords({ kind: "http", source: null }), "a request");
  assert.equal(callerInWords({ kind: "new", source: null }), "new");
  assert.deepEqual(
    [
      { outcome: "replied", status: 404 },
      { outcome: "aborted", status: 0 },
      { outcome: "queue-full", status: 0 },
    ].map(outcomeInWords),
    ["404", "the caller went away", "queue-full"],
  );
  assert.equal(traceIn("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), "0af7651916cd43dd8448eb211c80319c");
});
