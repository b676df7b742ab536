/** A function that ends its machine: what it printed before is in the log, and the log says what happened if anybody can know it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { LogLevel } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { openSession, to } from "./session.ts";

export function describeEnds(adapter: AgentAdapter): void {
  test("a function that exits ends the machine with its status; its last words are in the log, and a line of the agent's that says so", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["exits", "sleeps"]);
    session.open({}, to("sleeps", { ms: 60_000 }));
    const request = session.open({}, to("exits"));
    const exited = session.child.exitCode === null ? once(session.child, "exit") : undefined;
    const [last, note] = [await session.logged("the last words"), await session.logged("ends its machine")];
    assert.deepEqual([last.stream, note.stream, note.level], [request.stream, request.stream, LogLevel.Agent]);
    await Promise.all([exited, session.dead]);
    assert.equal(session.child.exitCode, 3);
  });

  test("the last words of a process that crashes are in the log", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["crashes"]);
    const request = session.open({}, to("crashes"));
    await session.dead;
    assert.equal((await session.logged("the last words")).stream, request.stream);
  });
}
