import assert from "node:assert/strict";
import { test } from "node:test";

import { clauseOf, clauseWithOutput, type MachineExit, StartFailure } from "./exit.ts";

test("callers read how a machine ended, only its app's log what it printed", () => {
  const exit: MachineExit = { reason: "crashed", detail: "QEMU ended by SIGSEGV", output: ["key=secret", "bye"] };
  assert.equal(clauseOf(exit), "it crashed: QEMU ended by SIGSEGV");
  assert.equal(clauseWithOutput(exit), "it crashed: QEMU ended by SIGSEGV; last output: key=secret | bye");
});

test("an output that looks like our own words changes nothing of what callers read", () => {
  const exit: MachineExit = { reason: "exited", detail: "", output: ["; last output: x"] };
  assert.equal(clauseOf(exit), "it ended by itself");
});

test("a failed start carries its end, and says nothing of the output in its message", () => {
  const failure = new StartFailure("QEMU did not resume", undefined, ["a secret"]);
  assert.equal(failure.code, "machine-start-failed");
  assert.doesNotMatch(`${failure.message} ${JSON.stringify(failure.body())}`, /secret/);
  assert.equal(clauseWithOutput(failure.exit), "QEMU did not resume; last output: a secret");
});
