import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import type { LogLine } from "../../store/logs/logs.ts";
import { followStream, LogPieces } from "./follow-stream.ts";

const LINES = 10_000;

test("a reader that is too slow is told once where lines are missing, and how many; the rest comes in order", async () => {
  let callback: (lines: readonly LogLine[]) => void = () => undefined;
  const log = {
    name: "shop",
    follow(_query: unknown, told: typeof callback) {
      callback = told;
      return () => undefined;
    },
  };
  const reader = followStream(log, { tail: 0 }, systemClock).getReader();
  const write = (from: number, to: number) => {
    for (let at = from; at < to; at++) callback([{ at, app: "id", level: "info", text: `${at} ${"x".repeat(1_000)}` }]);
  };
  const read = async () => JSON.parse(new TextDecoder().decode((await reader.read()).value)) as LogLine;

  write(0, LINES);
  const lines: LogLine[] = [];
  // The reader is as slow as possible: a line comes for each that is read.
  for (let at = LINES; at < LINES + 2_000; at++) {
    lines.push(await read());
    write(at, at + 1);
  }
  await reader.cancel();
  const notices = lines.filter(({ level }) => level === "platform");
  assert.equal(notices.length, 1);
  const missing = Number(/^Left out (\d+) log lines: whoever reads them is too slow\.$/.exec(notices[0]!.text)?.[1]);
  const place = lines.indexOf(notices[0]!);
  assert.equal(lines[place - 1]!.at + 1 + missing, lines[place + 1]!.at, "as many as are missing there");
  const numbers = lines.filter(({ level }) => level === "info").map(({ at }) => at);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
});

test("lines that come together are sent in pieces, under the app's name, and written down once for all who follow", () => {
  const lines: LogLine[] = Array.from({ length: 1_000 }, (_, at) => ({
    at,
    app: "id",
    level: "info",
    text: "x".repeat(at === 500 ? 200_000 : 200),
  }));
  const pieces = new LogPieces();
  const some = pieces.of(lines, "shop");
  assert.equal(pieces.of(lines, "shop"), some);
  const all = some
    .map(({ bytes }) => new TextDecoder().decode(bytes))
    .join("")
    .trimEnd()
    .split("\n");
  assert.deepEqual(
    all.map((text) => JSON.parse(text) as LogLine),
    lines.map((line) => ({ ...line, app: "shop" })),
  );
  assert.equal(
    some.reduce((sum, each) => sum + each.lines, 0),
    lines.length,
  );
  assert.ok(some.length > 3 && some.filter(({ bytes }) => bytes.byteLength > 70_000).length === 1);
});
