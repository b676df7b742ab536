import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { TraceContext } from "../../wire/host-end.ts";
import { Limit } from "../../wire/protocol.ts";
import { createTracing } from "./tracing.ts";
import { traceHeaderOf, traceInHeader } from "./trace-header.ts";

const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
const callers = (flags: string) => ({ traceparent: `00-${ids}-${flags}`, tracestate: "a=b" });

test("of new traces as many are recorded as the rate allows, and their first span has the id that is in them", () => {
  let now = 0;
  const tracing = createTracing(10, { now: () => now });
  const { contexts } = tracing;
  const begin = (of: TraceContext) => tracing.begin(of);
  const recorded = () => Array.from({ length: 100 }, () => begin(contexts.begin())).filter(({ isRecorded }) => isRecorded);
  const first = recorded();
  assert.equal(first.length, 20, "what may come at once");
  now = 1_000;
  assert.equal(recorded().length, 10);
  for (const { traceparent, parentSpan } of first) assert.match(`${traceparent} ${parentSpan}`, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01 $/);
  const given = contexts.begin();
  assert.equal(begin(given).traceparent, given.traceparent);
  now = 2_000;
  assert.equal(begin({ traceparent: "", tracestate: "" }).isRecorded, true, "what belongs to no trace begins one");
});

test("a trace that its caller records gets a span below the caller's; one that it does not stays as it is; flags of later versions count", () => {
  const tracing = createTracing(1, { now: () => 0 });
  const begin = (of: TraceContext) => tracing.begin(of);
  const own = begin(callers("01"));
  assert.match(own.traceparent, /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  assert.deepEqual([own.parentSpan, own.tracestate, own.isRecorded], ["b7ad6b7169203331", "a=b", true]);
  assert.deepEqual(begin(callers("00")), { ...callers("00"), parentSpan: "", isRecorded: false });
  assert.deepEqual([begin(callers("ff")).isRecorded, begin(callers("fe")).isRecorded], [true, false]);
});

test("callers who mark all their traces as sampled have as many spans as the bound says, and the rest is counted", () => {
  const tracing = createTracing(1, { now: () => 0 });
  const all = Array.from({ length: 100 }, () => tracing.begin(callers("01")));
  assert.equal(all.filter(({ isRecorded }) => isRecorded).length, 20);
  assert.equal(tracing.skipped, 80);
  assert.equal(all.at(-1)!.traceparent, callers("01").traceparent);
});

test("AWS's header of a trace names the same trace, and no text makes an invalid one", () => {
  assert.equal(traceHeaderOf(callers("01")), "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1");
  assert.equal(traceInHeader(traceHeaderOf(callers("01")))!.traceparent, callers("01").traceparent);
  assert.equal(traceHeaderOf({ traceparent: "", tracestate: "" }), undefined);
  for (const text of [
    undefined,
    "",
    "Root=1-00000000-000000000000000000000000;Parent=b7ad6b7169203331",
    "Root=1-0af76519-16cd43dd8448eb211c80319c",
    `${"x".repeat(1_000)};${traceHeaderOf(callers("01"))}`,
  ])
    assert.equal(traceInHeader(text), undefined);
  const part = fc.constantFrom(
    "Root=1-0af76519-16cd43dd8448eb211c80319c",
    "Parent=b7ad6b7169203331",
    "Parent=0000000000000000",
    "Sampled=1",
    ";",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string({ unit: "binary" }))), (parts) => {
      const trace = traceInHeader(parts.join(""));
      if (trace !== undefined) assert.match(trace.traceparent, new RegExp(`^00-[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$`));
      assert.ok((trace?.traceparent.length ?? 0) <= Limit.traceparent);
    }),
  );
});
