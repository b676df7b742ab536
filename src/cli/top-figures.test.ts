import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamilyInfo } from "../doors/admin/metric-schemas.ts";
import { topFigures } from "./top-figures.ts";

const labels = { tenant: "acme", app: "shop" };
const hello = { ...labels, function: "hello" };

function look(replies: number, errors: number, counts: number[]): MetricFamilyInfo[] {
  const counter = (name: string, points: MetricFamilyInfo["points"]) => ({ name, kind: "counter" as const, unit: "", help: "", points });
  const histogram = { bounds: [0.01, 0.1], counts, sum: 0, count: counts.reduce((sum, count) => sum + count, 0) };
  return [
    counter("faas.invocations", [
      { labels: { ...hello, status: "2xx" }, value: replies },
      { labels: { ...hello, status: "4xx" }, value: 0 },
    ]),
    counter("faas.errors", [{ labels: { ...hello, "error.type": "function-threw" }, value: errors }]),
    counter("mayfly.machines", [
      { labels: { ...labels, phase: "bound" }, value: 2 },
      { labels: { tenant: "", app: "", phase: "blank" }, value: 1 },
    ]),
    counter("mayfly.cost.month", [{ labels: { ...labels, currency: "USD" }, value: 0.5 }]),
    { ...counter("faas.invoke_duration", []), kind: "histogram", points: [{ labels: hello, histogram }] },
  ];
}

test("what happened between two looks is told per second, by app and by function", () => {
  const figures = topFigures(look(10, 1, [10, 1, 0]), look(30, 5, [30, 5, 0]), 2);
  const { p99 } = figures.all;
  assert.equal(Math.round(p99!), 95);
  const calls = { calls: 12, errors: 2, cold: 0, p50: 6, p99 };
  assert.deepEqual(figures.all, calls);
  assert.deepEqual(figures.functions, [{ app: "@acme/shop", function: "hello", ...calls }]);
  assert.partialDeepStrictEqual(figures.apps, [{ app: "@acme/shop", ...calls, machines: 2, month: 0.5 }]);
  assert.deepEqual([figures.machines, figures.currency], [{ bound: 2, blank: 1 }, "USD"]);
});

test("without calls there are no quantiles, beyond the last bound there is that bound, and after a restart all is new", () => {
  assert.equal(topFigures(look(1, 0, [1, 0, 0]), look(1, 0, [1, 0, 0]), 1).all.p99, null);
  assert.equal(topFigures(look(0, 0, [0, 0, 0]), look(2, 0, [0, 0, 2]), 1).all.p50, 100);
  const { p50, calls } = topFigures(look(9, 0, [9, 0, 0]), look(2, 0, [2, 0, 0]), 1).all;
  assert.deepEqual([p50, calls], [5, 0]);
});
