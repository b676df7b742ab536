import assert from "node:assert/strict";
import { test } from "node:test";

import { clauseOf, clauseWithOutput, type MachineExit, StartFailure } from "./exit.ts";

test("callers are told how a machine ended, and only its app's log what it printed", () => {
  const exit: MachineExit = { reason: "crashed", detail: "QEMU ended by SIGSEGV", output: ["key=secret", "bye"] };
  assert.equal(clauseOf(exit), "it crashed: QEMU ended by SIGSEGV");
  assert.equal(clauseWithOutput(exit), "it crashed: QEMU ended by SIGSEGV; last output: key=secret | bye");
});

test("an output that looks like our own text changes nothing in what callers are told", () => {
  const exit: MachineExit = { reason: "exited", detail: "", output: ["; last output: x"] };
  assert.equal(clauseOf(exit), "it ended by itself");
});

test("a failed start has the machine's end, and its message does not contain the output", () => {
  const failure = new StartFailure("QEMU did not resume", undefined, ["a secret"]);
  assert.equal(failure.code, "machine-start-failed");
  assert.doesNotMatch(`${failure.message} ${JSON.stringify(failure.body())}`, /secret/);
  assert.equal(clauseWithOutput(failure.exit), "QEMU did not resume; last output: a secret");
});
