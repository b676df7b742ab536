/** The table of errors, which is the same for all runtimes: what the caller gets, what the log says, and that the next call works. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../platform.ts";
import type { AppUnderTest } from "./app-under-test.ts";

export function describeFailures(app: () => AppUnderTest): void {
  test("a function that cannot begin fails its call with function-load-failed, what it printed is in the log, and others work", async () => {
    const { code } = await app().fails("broken");
    assert.equal(code, "function-load-failed");
    await app().line(/^there is no database$/);
    await app().behaves();
  });

  test("a throw is a 500 with an id, the stack is in the log beside it, and the machine lives on", async () => {
    await app().behaves();
    const before = new Set((await app().machines()).map(({ id }) => id));
    const { status, code, id } = await app().fails("misbehaves", "?do=throw");
    assert.deepEqual([status, code], [500, "function-threw"]);
    await app().line(/^asked to throw$/, { invocation: id });
    await app().line(app().subject.stack, { invocation: id });
    await app().behaves();
    assert.ok((await app().machines()).some((machine) => before.has(machine.id)));
  });

  for (const deed of ["exit", "crash"] as const)
    test(`${deed} ends its machine with the reason in the log, after the line printed just before, and the next machine's clock and randomness are its own`, async () => {
      await app().behaves();
      const drawn = (await app().text("draws")).split(" ");
      const { status, code, id } = await app().fails("misbehaves", `?do=${deed}`);
      assert.deepEqual([status, code], [502, "machine-died"]);
      await app().line(new RegExp(`^asked to ${deed}$`), { invocation: id });
      await app().line(app().subject.ended[deed]);
      await app().behaves();
      const [now, ...others] = (await app().text("draws")).split(" ");
      assert.ok(Math.abs(Number(now) - Date.now()) < 30_000, `${Number(now) - Date.now()} ms`);
      assert.deepEqual(
        others.filter((number) => drawn.includes(number)),
        [],
      );
    });

  test("a spin ends at its deadline, and so does its machine, after the line printed just before, and the next call works", async () => {
    await app().behaves("spins");
    const { code, id } = await app().fails("spins", "?do=spin");
    assert.ok(["function-timeout", "machine-died"].includes(code), code);
    const { machine } = await app().line(/^asked to spin$/, { invocation: id });
    const left = async () => (await app().machines()).filter((each) => each.id === machine);
    await eventually("the machine is gone", left, ({ length }) => length === 0, 240_000);
    await app().behaves("spins");
  });

  test("eating memory ends the machine as out of memory, after the line printed just before, and the next call works", async () => {
    await app().behaves();
    const { code, id } = await app().fails("misbehaves", "?do=leak");
    assert.ok(app().subject.outOfMemory.includes(code), code);
    await app().line(/^asked to leak$/, { invocation: id });
    await app().line(/out of memory|MemoryError/i);
    await app().behaves();
  });
}
