import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Histogram } from "./histogram.ts";
import type { MetricFamily } from "./metric.ts";
import { prometheusName, prometheusText } from "./prometheus-text.ts";

const counter = (labels: Record<string, string>, value: number): MetricFamily => ({
  kind: "counter",
  name: "faas.errors",
  unit: "{error}",
  help: "Errors.",
  points: [{ labels, value }],
});

test("names follow OpenTelemetry's rules for Prometheus", () => {
  const names = (
    [
      ["faas.invoke_duration", "s", "histogram"],
      ["faas.invocations", "{invocation}", "counter"],
      ["process.cpu.time", "s", "counter"],
      ["system.memory.limit", "By", "gauge"],
      ["nodejs.eventloop.utilization", "1", "gauge"],
      ["mayfly.memory.time", "By.s", "counter"],
      ["x.total", "", "counter"],
    ] as const
  ).map(([name, unit, kind]) => prometheusName({ name, unit, kind }));
  assert.deepEqual(names, [
    "faas_invoke_duration_seconds",
    "faas_invocations_total",
    "process_cpu_time_seconds_total",
    "system_memory_limit_bytes",
    "nodejs_eventloop_utilization_ratio",
    "mayfly_memory_time_byte_seconds_total",
    "x_total",
  ]);
});

test("a histogram's buckets are cumulative, and its sum and count agree with them", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3, -0.001]) histogram.add(value);
  const text = prometheusText([{ kind: "histogram", name: "d", unit: "s", help: "h", points: [{ labels: { app: "a" }, histogram }] }]);
  assert.deepEqual(text.split("\n"), [
    "# HELP d_seconds h",
    "# TYPE d_seconds histogram",
    'd_seconds_bucket{app="a",le="0.1"} 3',
    'd_seconds_bucket{app="a",le="1"} 4',
    'd_seconds_bucket{app="a",le="+Inf"} 5',
    'd_seconds_sum{app="a"} 3.65',
    'd_seconds_count{app="a"} 5',
    "",
  ]);
});

test("families without points, and further points with the same labels, are left out", () => {
  const empty: MetricFamily = { kind: "gauge", name: "none", unit: "", help: "h", points: [] };
  const twice = {
    ...counter({}, 1),
    points: [
      { labels: {}, value: 1 },
      { labels: {}, value: 2 },
    ],
  } as MetricFamily;
  assert.equal(prometheusText([empty, twice]), "# HELP faas_errors_total Errors.\n# TYPE faas_errors_total counter\nfaas_errors_total 1\n");
});

test("whatever a label's value is, it stays on its line and inside its quotes, and comes back as it was", () => {
  const lines = (value: string) => prometheusText([counter({ "error.type": value }, 7)]).split("\n");
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"} 1\nevil 2', "\\", '\\"', "\ud800", "\\n")), (value) => {
      const [, , line = "", end, ...more] = lines(value);
      assert.deepEqual([end, more], ["", []]);
      const [, quoted = ""] = /^faas_errors_total\{error_type="((?:[^"\\\n]|\\["\\n])*)"\} 7$/.exec(line) ?? assert.fail(line);
      const back = quoted.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
      assert.equal(back, value.toWellFormed());
    }),
  );
});
