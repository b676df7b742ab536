import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { EventQueue } from "./event-queue.ts";
import { EventStream } from "./event-stream.ts";

/** A stream with one listener that takes its batches as slowly as the test says. */
function slowListener({ most }: { most: number }) {
  const clock = new FakeClock();
  const reported: string[] = [];
  const events = new EventStream(clock, (error) => reported.push(String(error)));
  const taken: (number | string)[][] = [];
  let disk = Promise.withResolvers<void>();
  const end = events.listenLater({
    name: "the disk's",
    types: ["machine-blank"],
    most,
    pauseMs: 10,
    async take(batch, lost) {
      taken.push([...batch.map(({ startMs }) => startMs), ...(lost > 0 ? [`${lost} lost`] : [])]);
      await disk.promise;
    },
  });
  const tell = (startMs: number) =>
    events.tell({ type: "machine-blank", at: 0, machine: "m", app: null, ageMs: 0, invocations: 0, startMs });
  const writeOne = () => {
    disk.resolve();
    disk = Promise.withResolvers();
  };
  return { clock, events, reported, taken, tell, writeOne, end };
}

test("a listener for later gets what came together together and in order, and never before the sender goes on", async () => {
  const { clock, taken, tell, writeOne, end } = slowListener({ most: 100 });
  tell(1);
  tell(2);
  assert.deepEqual(taken, []);
  await clock.advance(10);
  for (const startMs of [3, 4]) tell(startMs);
  await clock.advance(1_000);
  assert.deepEqual(taken, [[1, 2]], "the next batch comes when the listener is through with the first");
  writeOne();
  await clock.advance(10);
  assert.deepEqual(taken, [
    [1, 2],
    [3, 4],
  ]);
  tell(5);
  const ended = end();
  writeOne();
  await clock.advance(0);
  writeOne();
  await ended;
  tell(6);
  await clock.advance(1_000);
  assert.deepEqual(taken, [[1, 2], [3, 4], [5]]);
});

test("a listener that is too slow loses events beyond its bound, hears how many, and the log says so once a minute", async () => {
  const { clock, taken, reported, tell, writeOne, end } = slowListener({ most: 2 });
  tell(0);
  await clock.advance(10);
  for (let startMs = 1; startMs <= 5; startMs++) tell(startMs);
  await clock.advance(59_000);
  assert.deepEqual(reported, []);
  await clock.advance(1_000);
  assert.deepEqual(reported, [`Error: the listener "the disk's" is too slow: 3 events were dropped for it`]);
  writeOne();
  await clock.advance(10);
  assert.deepEqual(taken, [[0], [1, 2, "3 lost"]]);
  for (let startMs = 6; startMs <= 8; startMs++) tell(startMs);
  writeOne();
  const ended = end();
  await clock.advance(0);
  writeOne();
  await ended;
  assert.deepEqual(taken.at(-1), [6, 7, "1 lost"]);
  assert.equal(reported.length, 2, "what was not reported yet is at the end");
});

test("an error of a listener for later is reported, and it gets the next events all the same", async () => {
  const clock = new FakeClock();
  const reported: string[] = [];
  const events = new EventStream(clock, (error) => reported.push(String(error)));
  const taken: number[] = [];
  const end = events.listenLater({
    name: "broken",
    types: ["machine-blank"],
    most: 10,
    pauseMs: 0,
    take(batch) {
      taken.push(batch.length);
      throw new Error("no disk");
    },
  });
  for (let i = 0; i < 2; i++) {
    events.tell({ type: "machine-blank", at: 0, machine: "m", app: null, ageMs: 0, invocations: 0, startMs: 1 });
    await clock.advance(1);
  }
  await end();
  assert.deepEqual([taken, reported], [[1, 1], ["Error: no disk"]]);
});

test("events of which some are large wait and come together by their sizes, too", async () => {
  const clock = new FakeClock();
  const [taken, lost]: [string[][], number[]] = [[], []];
  let disk = Promise.withResolvers<void>();
  const queue = new EventQueue<string>({
    name: "the disk's",
    most: 100,
    size: { of: ({ length }) => length, most: 10, batch: 4 },
    pauseMs: 10,
    clock,
    failed: (error) => assert.fail(String(error)),
    report: () => undefined,
    async take(batch, more) {
      taken.push([...batch]);
      lost.push(more);
      await disk.promise;
    },
  });
  for (const text of ["too long for all", "a", "bb", "cccc", "ddd", "e", ""]) queue.add(text);
  await clock.advance(10);
  queue.add("ffff");
  for (let n = 0; n < 5; n++) {
    disk.resolve();
    disk = Promise.withResolvers();
    await clock.advance(0);
  }
  disk.resolve();
  await queue.close();
  assert.deepEqual(taken, [
    ["a", "bb", "cccc"],
    ["ddd", "", "ffff"],
  ]);
  assert.equal(
    lost.reduce((sum, each) => sum + each, 0),
    2,
  );
});

test("an event that comes as the listener gets through with the one before is not left lying, whatever moment it comes at", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const { clock, taken, tell, writeOne, end } = slowListener({ most: 100 });
    tell(1);
    await clock.advance(10);
    writeOne();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    tell(2);
    await clock.advance(1_000);
    assert.deepEqual(taken, [[1], [2]], `after ${turns} turns`);
    writeOne();
    await end();
  }
});
