import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Limit } from "../wire/protocol.ts";
import { TraceContexts } from "./trace-context.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const made = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;

test("a caller's valid trace is taken as it is", () => {
  const traces = new TraceContexts();
  assert.deepEqual(traces.of({ traceparent }), { traceparent, tracestate: "" });
  const tracestate = "rojo=00f067aa0ba902b7, congo@x=t61rcWkgMzE,,";
  assert.deepEqual(traces.of({ traceparent, tracestate }), { traceparent, tracestate });
  assert.equal(traces.of({ traceparent: `cc${traceparent.slice(2)}` }).traceparent, traceparent);
});

test("a trace that is not valid is replaced by a new one, and its state is dropped", () => {
  const traces = new TraceContexts();
  const wrong = [
    "",
    "00",
    `ff${traceparent.slice(2)}`,
    traceparent.toUpperCase(),
    `${traceparent}0`,
    `${traceparent}, ${traceparent}`,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    traceparent.replace("-b", "\nb"),
  ];
  for (const text of [undefined, ...wrong]) {
    const { traceparent: parent, tracestate } = traces.of(text === undefined ? {} : { traceparent: text, tracestate: "a=b" });
    assert.match(parent, made);
    assert.equal(tracestate, "");
  }
});

test("a state that is not valid is left out, and the trace stays", () => {
  const traces = new TraceContexts();
  const wrong = [
    "a",
    "=b",
    "A=b",
    "a=b\n",
    "a=b=c",
    `a=${"b".repeat(Limit.tracestate)}`,
    Array.from({ length: 33 }, (_, n) => `a${n}=b`).join(),
  ];
  for (const tracestate of wrong) assert.deepEqual(traces.of({ traceparent, tracestate }), { traceparent, tracestate: "" }, tracestate);
});

test("whatever a caller sends, the trace headers that a machine gets stay within the limits and on one line", () => {
  const traces = new TraceContexts();
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 600 }), fc.constant(traceparent), fc.constant("a=b"));
  fc.assert(
    fc.property(text, text, (parent, state) => {
      const trace = traces.of({ traceparent: parent, tracestate: state });
      assert.equal(trace.traceparent.length, Limit.traceparent);
      assert.ok(trace.tracestate.length <= Limit.tracestate);
      assert.ok(!/[\r\n\0]/.test(trace.traceparent + trace.tracestate));
    }),
  );
});

test("no two new traces are the same", () => {
  const traces = new TraceContexts();
  const all = Array.from({ length: 2_500 }, () => traces.begin().traceparent);
  assert.equal(new Set(all.map((each) => each.slice(3, 35))).size, all.length);
  assert.equal(new Set(all.map((each) => each.slice(36, 52))).size, all.length);
  for (const each of all) assert.match(each, made);
});
