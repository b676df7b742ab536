/** What a machine is told first, and after every pause. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { REHEARSAL_APP } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, openSession, type Session, to } from "./session.ts";

export function describeResume(adapter: AgentAdapter): void {
  test("each Resume is answered by one Ready, and the app goes on as it was", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["counts"]);
    for (const count of ["1", "2", "3"]) {
      assert.equal((await session.call(event("counts"))).text, count);
      assert.deepEqual(await resume(session, count), session.ready);
    }
  });

  test("from the same state, machines that get different entropy draw different random numbers from every source", async (t) => {
    const seen: unknown[] = [];
    for (const entropy of ["one", "two"]) {
      const session = await openSession(t, adapter);
      // As in a template: whatever code has seeded before the pause is the same in all clones.
      await session.bindTo(["seeds", "draws"], { app: REHEARSAL_APP });
      await session.call(to("draws"));
      await session.call(to("seeds"));
      await resume(session, entropy);
      await session.bindTo(["draws"]);
      for (let time = 0; time < 2; time++) seen.push(...(JSON.parse((await session.call(to("draws"))).text) as unknown[]));
    }
    assert.ok(seen.length >= 4, "it has no source of randomness");
    assert.equal(new Set(seen).size, seen.length, JSON.stringify(seen));
  });

  test("a Resume while calls run disturbs none", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["sleeps"]);
    const calls = Array.from({ length: 10 }, () => session.call(to("sleeps", { ms: 50 })));
    await resume(session, "again");
    for (const { text } of await Promise.all(calls)) assert.equal(text, "slept");
  });
}

function resume(session: Session, entropy: string) {
  return session.host.resume(Date.now(), Buffer.alloc(64, entropy), "m-test", false);
}
