import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { asMayflyError } from "./error.ts";
import { failureText } from "./failure-text.ts";

test("the text of a failed system call names the failure, and no path of the host", async () => {
  const place = "/nowhere/of/this/host";
  const [program] = (await once(spawn(place), "error")) as [Error];
  const [socket] = (await once(connect(place), "error")) as [Error];
  const errors = [thrownBy(() => readFileSync(place)), program, socket];
  for (const error of errors) {
    assert.ok(error.message.includes(place), "otherwise this test shows nothing");
    assert.match(failureText(error), /^ENOENT: no such file or directory, (open|spawn|connect)$/);
    assert.doesNotMatch(JSON.stringify(asMayflyError(error).body()), /nowhere/);
    assert.equal(asMayflyError(error).cause, error, "the server's log has the whole");
  }
});

test("what is no failure of a system call is told as it is", () => {
  assert.equal(failureText(new Error("a / b")), "a / b");
  assert.equal(failureText("text"), "text");
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
