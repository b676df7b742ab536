import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStream } from "../event-stream.ts";
import type { InvocationEnded } from "../platform-event.ts";
import { CallMetrics } from "./call-metrics.ts";
import type { HistogramFamily, MetricFamily, NumberFamily } from "./metric.ts";

const ended: InvocationEnded = {
  type: "invocation-ended",
  at: 0,
  invocation: "i",
  app: "a1",
  function: "hello",
  machine: "m",
  appGone: false,
  revision: "r",
  memoryMb: 128,
  branch: null,
  outcome: "replied",
  details: null,
  status: 200,
  spans: { queue: 0, start: 0, bind: 0, run: 2 },
  slotMs: 2,
  requestBytes: 3,
  replyBytes: 5,
  kind: "http",
  attempt: 1,
  source: null,
  traceparent: "",
  recorded: null,
};

function counting(most = 10) {
  const events = new EventStream({ now: () => 0, after: () => () => undefined }, (error) => assert.fail(String(error)));
  const metrics = new CallMetrics({ labelsOf: (app) => (app.startsWith("a") ? { tenant: "main", app: `app-${app}` } : undefined), most });
  metrics.listen(events);
  const tell = (more: Partial<InvocationEnded>) => events.tell({ ...ended, ...more });
  const family = (name: string) => metrics.collect().find((each) => each.name === name) as MetricFamily;
  const values = (name: string) =>
    (family(name) as NumberFamily).points.map(({ labels, value }) => [...Object.values(labels), value].join(" "));
  const counts = (name: string) =>
    (family(name) as HistogramFamily).points.map(({ labels, histogram: { count } }) => [...Object.values(labels), count].join(" "));
  return { events, tell, values, counts };
}

test("invocations are counted by app, function and class of status; errors by code and its class of status", () => {
  const { tell, values, counts } = counting();
  tell({});
  tell({ status: 404 });
  tell({ status: 404 });
  tell({ outcome: "function-threw", status: 500 });
  tell({ outcome: "queue-full", slotMs: null, machine: null, status: 0 });
  tell({ outcome: "aborted", status: 0 });
  tell({ outcome: "function-timeout", status: 0 });
  assert.deepEqual(values("faas.invocations"), ["main app-a1 hello 2xx 1", "main app-a1 hello 4xx 2"]);
  assert.deepEqual(values("faas.errors"), [
    "main app-a1 hello function-threw 5xx 1",
    "main app-a1 hello queue-full 4xx 1",
    "main app-a1 hello aborted 4xx 1",
    "main app-a1 hello function-timeout 5xx 1",
  ]);
  assert.deepEqual(values("faas.timeouts"), ["main app-a1 hello 1"]);
  assert.deepEqual(counts("faas.invoke_duration"), ["main app-a1 hello 7"]);
  assert.deepEqual(values("faas.net_io"), ["main app-a1 receive 21", "main app-a1 transmit 35"]);
});

test("calls that waited for a machine are cold starts, with what they waited in each stage", () => {
  const { tell, values, counts } = counting();
  tell({});
  tell({ spans: { queue: 1, start: 300, bind: 30, run: 2 } });
  tell({ spans: { queue: 1, start: 0, bind: 30, run: 2 } });
  assert.deepEqual(values("faas.coldstarts"), ["main app-a1 hello 2"]);
  assert.deepEqual(counts("faas.init_duration"), ["main app-a1 queue 2", "main app-a1 start 2", "main app-a1 bind 2"]);
});

test("names that callers make up, and functions beyond the bound, get no counts of their own", () => {
  const { tell, values } = counting(2);
  tell({ function: "made-up", outcome: "no-such-function" });
  tell({ function: "made-up-too", outcome: "queue-full", slotMs: null });
  tell({});
  tell({ app: "a2", function: "one" });
  tell({ app: "a2", function: "two" });
  tell({ app: "a3", function: "three" });
  assert.deepEqual(values("faas.invocations"), ["main app-a1 hello 2xx 1", "main app-a2 one 2xx 1", "main app-a2  2xx 1", "   2xx 1"]);
  assert.equal(values("faas.errors").length, 2);
});

test("counts of a removed app go, its late calls are nobody's, and there is room for others", () => {
  const { events, tell, values } = counting(1);
  tell({});
  events.tell({ type: "app-removed", at: 0, app: "a1" });
  tell({ appGone: true });
  tell({ app: "a2", function: "one" });
  assert.deepEqual(values("faas.invocations"), ["   2xx 1", "main app-a2 one 2xx 1"]);
});
