/** The machine becomes a template of its app: what comes before the freeze, and what a clone of it does first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LogLevel } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, openSession, refusal, type Session, to } from "./session.ts";

export function describeSnapshots(adapter: AgentAdapter): void {
  test("before the Bound of a snapshot all functions are evaluated and hooks called, the last one first; others come before the Ready of a clone", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["counts", "hooks"], { snapshot: true });
    assert.deepEqual(printed(session), ["at load", "at load of hooks", "before 2", "before 1"]);
    const ready = await restore(session, "clone");
    assert.deepEqual(ready, session.ready);
    assert.deepEqual(printed(session).slice(4), ["after 1", "after 2"]);
    assert.equal((await session.call(event("hooks"))).text, '"called"');
    assert.equal((await session.call(event("counts"))).text, "1");
    await session.host.resume(Date.now(), Buffer.alloc(64, "nap"), "m-test", false);
    assert.equal(printed(session).length, 6, "a Resume after a pause is no restore");
  });

  test("hooks are not called in a machine that is bound without a snapshot, nor are those of an earlier Bind", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["hooks"], { app: "mayfly:rehearsal" });
    await session.call(event("hooks"));
    await session.bindTo(["counts"], { snapshot: true });
    assert.deepEqual(
      printed(session).filter((line) => line.startsWith("before")),
      [],
    );
  });

  test("nothing is sent from the Bound of a snapshot to the next Resume, which lets out what was kept", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["counts"], { snapshot: true });
    const before = session.host.heard;
    const asked = session.call(event("counts"));
    await sleep(300);
    assert.equal(session.host.heard, before);
    await restore(session, "clone");
    assert.equal((await asked).text, "1");
  });

  test("a function that cannot be evaluated, and a hook that fails, refuse the Bind, and the log has the error", async (t) => {
    const broken = await openSession(t, adapter);
    await assert.rejects(broken.bindTo(["counts", "broken"], { snapshot: true }), refusal(/the initialisation failed: .*not loadable/));
    assert.deepEqual(levelOf(await broken.logged("not loadable")), [0, LogLevel.Error]);
    const refusing = await openSession(t, adapter);
    const bound = refusing.bindTo(["hooks"], { snapshot: true, env: { FAILS: "before" } });
    await assert.rejects(bound, refusal(/before the snapshot failed: .*refused/));
    assert.deepEqual(levelOf(await refusing.logged("refused")), [0, LogLevel.Error]);
  });

  test("a hook that fails after the restore is told in Ready, and the log has the error", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["hooks"], { snapshot: true, env: { FAILS: "after" } });
    const { failed, ...ready } = await restore(session, "clone");
    assert.match(failed!, /after the restore failed: .*refused/);
    assert.deepEqual(ready, session.ready);
    assert.deepEqual(levelOf(await session.logged("refused")), [0, LogLevel.Error]);
  });

  test("what code has seeded before the freeze is another thing in each clone", async (t) => {
    const seen: unknown[] = [];
    for (const entropy of ["one", "two"]) {
      const session = await openSession(t, adapter);
      await session.bindTo(["seeds", "draws"], { snapshot: true });
      await restore(session, "template");
      await session.call(to("seeds"));
      await restore(session, entropy);
      for (let time = 0; time < 2; time++) seen.push(...(JSON.parse((await session.call(to("draws"))).text) as unknown[]));
    }
    assert.equal(new Set(seen).size, seen.length, JSON.stringify(seen));
  });

  test("the environment says that the machine is to become a template, in AWS's word", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["surroundings"], { snapshot: true });
    await restore(session, "clone");
    const { env } = JSON.parse((await session.call(to("surroundings"))).text) as { env: Record<string, string> };
    assert.equal(env["AWS_LAMBDA_INITIALIZATION_TYPE"], "snap-start");
  });
}

function restore(session: Session, entropy: string) {
  return session.host.resume(Date.now(), Buffer.alloc(64, entropy), "m-clone", false, { restored: true });
}

/** What code has printed, in order. */
function printed({ logs }: Session): string[] {
  return logs.filter(({ level }) => level === LogLevel.Info).map(({ text }) => text);
}

function levelOf({ stream, level }: { stream: number; level: LogLevel }) {
  return [stream, level];
}
