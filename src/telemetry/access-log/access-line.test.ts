import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Access, type AccessFormat, accessLines } from "./access-line.ts";

const access: Access = {
  at: Date.UTC(2026, 10, 3, 4, 5, 6, 789),
  ms: 12.3456,
  client: "192.0.2.7",
  method: "GET",
  host: "shop.example",
  path: "/cart",
  version: "1.1",
  status: 200,
  bytes: 5,
  complete: true,
  app: "shop",
  userAgent: "curl/8",
};

const accessLine = (of: Access, format: AccessFormat) => accessLines(format)(of);

test("each form of a line is what its readers expect", () => {
  assert.equal(accessLine(access, "common"), '192.0.2.7 - - [03/Nov/2026:04:05:06 +0000] "GET /cart HTTP/1.1" 200 5\n');
  assert.equal(
    accessLine({ ...access, status: 0, bytes: 0 }, "combined"),
    '192.0.2.7 - - [03/Nov/2026:04:05:06 +0000] "GET /cart HTTP/1.1" 499 - "-" "curl/8"\n',
  );
  const { at: _, ...rest } = access;
  assert.deepEqual(JSON.parse(accessLine(access, "json")), { time: "2026-11-03T04:05:06.789Z", ...rest, ms: 12.346 });
});

test("lines of one log have their own times, and milliseconds keep their digits", () => {
  const line = accessLines("json");
  for (const at of [access.at, access.at + 1, access.at - 780, access.at + 60_000, access.at - 60_000])
    for (const ms of [0, 0.0004, 0.0126, 1, 1.05, 999.9999, 123_456.789]) {
      const { time, ms: told } = JSON.parse(line({ ...access, at, ms })) as { time: string; ms: number };
      assert.deepEqual([time, told], [new Date(at).toISOString(), Math.round(ms * 1_000) / 1_000]);
    }
});

test("whatever a client sends, its line stays one line, and its quotes stay closed", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom('" 200 1\n192.0.2.1 - -', "\\", "\u2028", "\ud800", "é".repeat(5_000)),
  );
  fc.assert(
    fc.property(text, text, text, (path, userAgent, host) => {
      const hostile = { ...access, path, userAgent, host, referer: host };
      const combined = accessLine(hostile, "combined");
      assert.match(combined, /^192\.0\.2\.7 - - \[[^\]]+\] "(?:[^"\\]|\\.)*" 200 5 "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"\n$/);
      assert.match(combined, /^[\x20-\x7e]*\n$/);
      const json = accessLine(hostile, "json");
      assert.equal(json.indexOf("\n"), json.length - 1);
      assert.equal((JSON.parse(json) as Access).path, path.slice(0, 2_048).toWellFormed());
    }),
  );
});

test("of a long path the end is cut off, and not the version of HTTP behind it", () => {
  const line = accessLine({ ...access, path: `/${"x".repeat(5_000)}` }, "common");
  assert.match(line, /"GET \/x{2047} HTTP\/1\.1" 200 5\n$/);
});
