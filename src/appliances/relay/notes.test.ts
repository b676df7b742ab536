import assert from "node:assert/strict";
import { test } from "node:test";
import { createNotes } from "./notes.ts";

test("a note that a stranger can cause is written once a minute, then with how often it came", () => {
  const told: string[] = [];
  let now = 0;
  const note = createNotes(
    (text) => told.push(text),
    () => now,
  );
  for (let i = 0; i < 1_000; i++) note("refused");
  assert.deepEqual(told, ["refused"]);
  now = 60_000;
  note("refused");
  assert.match(told[1]!, /refused \(and 999 times more/);
});

test("however many texts a stranger can cause, only a few are written each minute", () => {
  const told: string[] = [];
  let now = 0;
  const note = createNotes(
    (text) => told.push(text),
    () => now,
  );
  for (let i = 0; i < 1_000; i++) note(`text ${i}`);
  assert.equal(told.length, 32);
  now = 60_000;
  for (let i = 1_000; i < 2_000; i++) note(`text ${i}`);
  assert.equal(told.length, 64);
});
