import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { Answer } from "./batch.ts";
import type { Engine, Operations } from "./engine.ts";
import { engine as counting } from "./testing/counting-engine.ts";
import { Writer } from "./writer.ts";

/** As the counting engine, of which odd numbers may be undone. */
const engine: Engine<Operations> = {
  ...counting,
  mayBeUndone: (operation, result) => operation === "add" && (result as number) % 2 === 1,
};

function open(t: TestContext): { writer: Writer; file: string; told: number[][]; answers: Answer[] } {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-writer-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "numbers.db");
  const answers: Answer[] = [];
  const told: number[][] = [];
  const writer = new Writer(engine, file, (some) => {
    told.push(some.map(({ number }) => number));
    answers.push(...some);
  });
  return { writer, file, told, answers };
}

const adding = (...numbers: number[]) => numbers.map((number) => ({ number, operation: "add", argument: { number } }));

test("what a power cut may undo is answered before the others of its transaction, and all of it is there when the file is opened again", (t) => {
  const { writer, file, told } = open(t);
  writer.run(adding(2, 1, 4, 3));
  writer.run(adding(5));
  assert.deepEqual(told, [[1, 3], [2, 4], [5]]);
  writer.close();
  const again: Answer[] = [];
  const next = new Writer(engine, file, (answers) => again.push(...answers));
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
