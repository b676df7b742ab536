import assert from "node:assert/strict";
import { test } from "node:test";
import { LineJoiner } from "./line-joiner.ts";
import { LogLevel } from "./protocol.ts";

const { Info, Error } = LogLevel;

/** The clock stands still until `pass` is called. */
function joiner() {
  const lines: string[] = [];
  const timers = new Set<() => void>();
  const after = (_ms: number, call: () => void) => {
    timers.add(call);
    return () => void timers.delete(call);
  };
  const clock = { after, now: () => 0, wall: () => 0, every: after };
  const joiner = new LineJoiner((stream, level, text) => lines.push(`${stream} ${level} ${text}`), clock);
  const pass = () => {
    for (const call of timers) {
      timers.delete(call);
      call();
    }
  };
  return { joiner, lines, pass, timers };
}

test("pieces of one stream and level are joined into one line", () => {
  const { joiner: it, lines, timers } = joiner();
  it.piece(1, Info, "a", true);
  it.piece(3, Info, "x", true);
  it.piece(1, Error, "e", true);
  it.piece(1, Info, "b", true);
  it.piece(1, Info, "c", false);
  it.piece(3, Info, "", false);
  assert.deepEqual(lines, ["1 1 abc", "3 1 x"]);
  assert.equal(timers.size, 1);
});

test("a line without an end is completed by a pause, by the end of its stream, or by the end of the connection", () => {
  const { joiner: it, lines, pass, timers } = joiner();
  it.piece(1, Info, "paused", true);
  pass();
  it.piece(1, Info, "of its stream", true);
  it.piece(0, Info, "of another", true);
  it.closed(1);
  it.closed(1);
  assert.deepEqual(lines, ["1 1 paused", "1 1 of its stream"]);
  it.close();
  assert.deepEqual(lines.at(-1), "0 1 of another");
  assert.equal(timers.size, 0);
});

test("a line of as much as an agent sends of one is joined from its frames", () => {
  const { joiner: it, lines } = joiner();
  for (let n = 0; n < 15; n++) it.piece(1, Info, "x".repeat(16_384), true);
  it.piece(1, Info, "x".repeat(16_384), false);
  assert.deepEqual(lines, [`1 1 ${"x".repeat(262_144)}`]);
});

test("a line that never ends and many open lines take bounded memory", () => {
  const { joiner: it, lines, timers } = joiner();
  for (let n = 0; n < 1_000; n++) it.piece(1, Info, "x".repeat(1_000), true);
  assert.equal(lines.length, 3);
  assert.ok(lines.every((line) => line.length < 270_000));
  for (let stream = 3; stream < 2_000; stream += 2) it.piece(stream, Info, "open", true);
  assert.ok(timers.size <= 32);
  const before = lines.length;
  for (let stream = 2_001; stream < 2_041; stream += 2) it.piece(stream, Info, "y".repeat(200_000), true);
  assert.equal(timers.size, 5, "lines of a million characters together");
  assert.equal(lines.slice(before).filter((line) => line.includes("y")).length, 15);
});
