import assert from "node:assert/strict";
import { test } from "node:test";
import { serverLogRequest } from "./encode-server-log.ts";

const teller = { version: "1", host: "h", instance: "i" };

test("a line has its level, its time, its text, what else is in it, and its error as the conventions have it; all of it is bounded", () => {
  const err = { type: "TypeError", message: "no", stack: "TypeError: no\n  at x" };
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`k${at}`, at]));
  const lines = [
    { level: 40, time: 1_700_000_000_123, app: "shop", ms: 1.5, count: 2, ok: true, list: [1], none: null, err, msg: "slow \ud800" },
    { level: 60, time: 0, msg: "x".repeat(1_000_000), ...many },
    { level: 10, time: 1 },
  ];
  const { resourceLogs } = serverLogRequest(
    lines.map((line) => `${JSON.stringify(line)}\n`),
    teller,
  ) as any;
  const [first, second, third] = resourceLogs[0].scopeLogs[0].logRecords;
  assert.deepEqual([first.severityText, first.timeUnixNano, first.body.stringValue], ["WARN", "1700000000123000000", "slow \ufffd"]);
  assert.deepEqual(Object.fromEntries(first.attributes.map(({ key, value }: any) => [key, Object.values(value)[0]])), {
    app: "shop",
    ms: 1.5,
    count: "2",
    ok: true,
    list: "[1]",
    "exception.type": err.type,
    "exception.message": err.message,
    "exception.stacktrace": err.stack,
  });
  assert.deepEqual([second.severityText, second.body.stringValue.length, second.attributes.length], ["FATAL", 16_384, 64]);
  assert.deepEqual([third.severityText, third.body.stringValue], ["DEBUG", ""]);
  const { attributes } = resourceLogs[0].resource;
  assert.deepEqual(attributes[0], { key: "service.name", value: { stringValue: "mayfly" } });
});
