import assert from "node:assert/strict";
import { test } from "node:test";
import { summarise, summaryInWords } from "./latency.ts";
import { parseCount, parseHeader, parseMethod } from "./parse.ts";
import { renderTable } from "../base/terminal/table.ts";
import { ageInWords, bytesInWords, millisecondsInWords } from "./units.ts";

test("a table's columns are as wide as their widest cell, numbers to the right", () => {
  const rows = [
    { name: "hello", count: 7 },
    { name: "a-longer-name", count: 1200 },
  ];
  const table = renderTable<(typeof rows)[number]>(
    [
      { title: "APP", cell: ({ name }) => name },
      { title: "CALLS", align: "right", cell: ({ count }) => String(count) },
    ],
    rows,
  );
  assert.deepEqual(table.split("\n"), ["APP            CALLS", "hello              7", "a-longer-name   1200"]);
});

test("bytes, times and ages come with their unit", () => {
  assert.deepEqual([0, 1023, 1536, 24 * 1024 ** 2, 3 * 1024 ** 4].map(bytesInWords), ["0 B", "1023 B", "1.5 KiB", "24 MiB", "3072 GiB"]);
  assert.deepEqual([0.123, 42.4, 1234, 61_234].map(millisecondsInWords), ["0.12 ms", "42 ms", "1.23 s", "61.2 s"]);
  assert.deepEqual([5_000, 65_000, 3_700_000, 90_000_000].map(ageInWords), ["5s", "1m5s", "1h1m", "1d1h"]);
});

test("a latency summary has quantiles of what was measured and counts failures", () => {
  const latencies = Array.from({ length: 100 }, (_, index) => 100 - index);
  const summary = summarise(latencies, { 200: 97, 500: 2, "socket hang up": 1 }, 2_000);
  assert.deepEqual(summary.latencyMs, { min: 1, p50: 50, p99: 99, max: 100 });
  assert.deepEqual([summary.calls, summary.errors, summary.ratePerSecond], [100, 3, 50]);
  assert.match(
    summaryInWords(summary),
    /^100 calls in 2\.00 s: 50\/s, 3 errors\nlatency: p50 50 ms, p99 99 ms, min 1\.00 ms, max 100 ms\n/,
  );
});

test("option values that do not fit are refused with what is allowed", () => {
  assert.equal(parseCount(1, 10)("7"), 7);
  for (const text of ["0", "11", "1.5", "x", ""]) assert.throws(() => parseCount(1, 10)(text), /whole number of 1 to 10/);
  assert.deepEqual(parseHeader("X-B: 2", [["x-a", "1"]]), [
    ["x-a", "1"],
    ["X-B", "2"],
  ]);
  assert.throws(() => parseHeader("no colon"), /'name: value'/);
  assert.equal(parseMethod("patch"), "PATCH");
  assert.throws(() => parseMethod("BAD METHOD"), /letters/);
});
