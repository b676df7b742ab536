import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { Answer } from "./batch.ts";
import type { Engine, Operations } from "./engine.ts";
import { engine as counting } from "./testing/counting-engine.ts";
import { Writer } from "./writer.ts";

/** As the counting engine, of which odd numbers may be undone, unless they are kept. */
const engine: Engine<Operations> = {
  migrations: counting.migrations,
  operations(db) {
    const all = counting.operations(db);
    return { ...all, keep: (argument: { number: number }) => all.add(argument) };
  },
  mayBeUndone: { add: (result) => (result as number) % 2 === 1 },
};

interface Opened {
  writer: Writer;
  file: string;
  /** The numbers of the operations that were answered together. */
  told: number[][];
  answers: Answer[];
  /** Milliseconds. */
  clock: { now: number };
}

function open(t: TestContext): Opened {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-writer-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "numbers.db");
  const answers: Answer[] = [];
  const told: number[][] = [];
  const clock = { now: 0 };
  const tell = (some: Answer[]) => {
    told.push(some.map(({ number }) => number));
    answers.push(...some);
  };
  const writer = new Writer(engine, file, tell, () => clock.now);
  return { writer, file, told, answers, clock };
}

const adding = (...numbers: number[]) => numbers.map((number) => ({ number, operation: "add", argument: { number } }));

test("what a power cut may undo is answered before the others of its transaction, and all of it is there when the file is opened again", (t) => {
  const { writer, file, told } = open(t);
  writer.run(adding(2, 1, 4, 3));
  writer.run(adding(5));
  assert.deepEqual(told, [[1, 3], [2, 4], [5]]);
  writer.close();
  const again: Answer[] = [];
  const next = new Writer(
    engine,
    file,
    (answers) => again.push(...answers),
    () => 0,
  );
  next.run([{ number: 1, operation: "list", argument: null }]);
  next.close();
  assert.deepEqual(again, [{ number: 1, result: [2, 1, 4, 3, 5] }]);
});

test("where the disk does not take what was written, it is refused and the writer fails; what may be undone was answered", (t) => {
  const { writer, file, told, answers } = open(t);
  // The log is not there when it is to be put on the disk.
  renameSync(`${file}-wal`, `${file}-moved`);
  assert.throws(() => writer.run(adding(1, 2)), { code: "ENOENT" });
  assert.deepEqual(told, [[1], [2]]);
  assert.deepEqual([answers[0], (answers[1] as { code?: string }).code], [{ number: 1, result: 1 }, "state-unusable"]);
  writer.close();
});

test("a close puts on the disk what was answered before that, also where somebody else has the file open", (t) => {
  const { writer, file } = open(t);
  const backup = new DatabaseSync(file, { readOnly: true });
  backup.exec("SELECT count(*) FROM sqlite_master");
  writer.run(adding(1));
  // The log is not there when it is to be put on the disk.
  renameSync(`${file}-wal`, `${file}-moved`);
  assert.throws(() => writer.close(), { code: "ENOENT" });
  backup.close();
  writer.close();
});

const keeping = (...numbers: number[]) => numbers.map((number) => ({ number, operation: "keep", argument: { number } }));

test("what waits for the disk is carried out with as many others as there were before, in its order, and does not wait for long", (t) => {
  const { writer, file, told, clock } = open(t);
  writer.run(keeping(1));
  // It came while the disk was busy: the next ones are expected to be two.
  writer.run(keeping(2));
  assert.deepEqual(told.splice(0), [[1]]);
  writer.run(keeping(3));
  assert.deepEqual(told.splice(0), [[2, 3]]);
  assert.equal(writer.rest(), Infinity);
  writer.run(keeping(4));
  // One that does not wait is behind it all the same.
  writer.run(adding(5));
  assert.deepEqual(told.splice(0), [[5]]);
  writer.run(keeping(6));
  assert.deepEqual(told.splice(0), [[4, 6]]);
  assert.equal(writer.rest(), Infinity);
  writer.run(keeping(7));
  // No fsync takes any time on this clock, so that nobody is waited for.
  assert.equal(writer.rest(), Infinity);
  assert.deepEqual(told.splice(0), [[7]]);
  writer.run(adding(9));
  assert.equal(writer.rest(), 100);
  clock.now += 100;
  assert.equal(writer.rest(), Infinity);
  const again: Answer[] = [];
  writer.close();
  const next = new Writer(
    engine,
    file,
    (answers) => again.push(...answers),
    () => 0,
  );
  next.run([{ number: 1, operation: "list", argument: null }]);
  next.close();
  assert.deepEqual(again, [{ number: 1, result: [1, 2, 3, 4, 5, 6, 7, 9] }]);
});

test("what waits for the disk does not wait for longer because operations that do not wait for it come all the time", (t) => {
  const { writer, told, clock } = open(t);
  writer.run(keeping(1));
  // Two are expected from here on, and the second never comes.
  writer.run(keeping(2));
  assert.deepEqual(told.splice(0), [[1]]);
  for (const number of [3, 5]) {
    writer.run(adding(number));
    clock.now += 1;
  }
  assert.deepEqual(told, [[3], [5], [2]]);
  writer.close();
});
