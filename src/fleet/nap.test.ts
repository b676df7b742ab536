import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { openHostEnd } from "../wire/open-host-end.ts";
import { requestWhole } from "../wire/request-whole.ts";
import { createFakeDriver } from "../machines/fake/fake-driver.ts";
import { Nap } from "./nap.ts";

interface Setting {
  nap: Nap;
  call: () => Promise<string>;
  /** The calls on the machine, in order. */
  deeds: string[];
  /** Lets the function's calls that are under way return. */
  release: () => void;
  pass: (ms: number) => void;
  failures: unknown[];
}

/** A bound machine whose function returns its body at once or when released, and the nap that looks after the machine. */
async function set(context: TestContext, { holds = false, answers = true, breaks = false } = {}): Promise<Setting> {
  const hold = Promise.withResolvers<void>();
  if (!holds) hold.resolve();
  const driver = createFakeDriver({ functions: () => ({ echo: (body) => hold.promise.then(() => body) }) });
  const machine = await driver.start({ id: "t-1", memoryMb: 128, vcpus: 1 });
  context.after(() => driver.close());
  const refuse = () => Promise.reject(new Error("no egress here"));
  const end = openHostEnd(machine.channel, { log: () => {}, stats: () => {}, connect: refuse, resolve: refuse, dead: () => {} });
  await end.resume(0, randomBytes(64), "t-1", true);
  await end.bind({ app: "a", revision: "v", functions: [], env: {}, memoryMb: 128, egress: false }, []);
  const deeds: string[] = [];
  const failures: unknown[] = [];
  let now = 0;
  const nap = new Nap({
    machine: {
      ...machine,
      stop: () => (deeds.push("stop"), machine.stop()),
      cont: () => (deeds.push("cont"), breaks ? Promise.reject(new Error("it is gone")) : answers ? machine.cont() : Promise.resolve()),
    },
    end,
    traffic: () => end.traffic,
    now: () => now,
    resume: () => (deeds.push("resume"), end.resume(0, randomBytes(64), "t-1", false).then(() => deeds.push("ready"))),
    failed: (error) => failures.push(error),
    asleep: () => deeds.push("asleep"),
    awake: () => deeds.push("awake"),
  });
  const call = async () => {
    const reply = (await requestWhole(end, "call", "echo", Buffer.from("hello"))).toString();
    deeds.push("reply");
    return reply;
  };
  return { nap, call, deeds, release: () => hold.resolve(), pass: (ms) => void (now += ms), failures };
}

/** Looks `times` times, and waits for what that begins. */
async function look(nap: Nap, times: number): Promise<void> {
  for (let n = 0; n < times; n++) nap.look();
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("a machine that had nothing to do at two looks is stopped; a call wakes it, and it is told the time first", async (context) => {
  const { nap, call, deeds } = await set(context);
  await look(nap, 1);
  assert.deepEqual([nap.sleeps, deeds], [false, []]);
  await look(nap, 1);
  assert.deepEqual([nap.sleeps, deeds], [true, ["stop", "asleep"]]);
  await look(nap, 5);
  assert.equal(await call(), "hello");
  assert.deepEqual(deeds, ["stop", "asleep", "cont", "resume", "ready", "awake", "reply"]);
  assert.equal(nap.sleeps, false);
});

test("many calls at once wake it once, and all are answered", async (context) => {
  const { nap, call, deeds } = await set(context);
  await look(nap, 2);
  const replies = await Promise.all(Array.from({ length: 50 }, call));
  assert.deepEqual([...new Set(replies)], ["hello"]);
  assert.equal(deeds.filter((deed) => deed === "cont").length, 1);
});

test("while a call is under way the machine is not stopped, however long that takes", async (context) => {
  const { nap, call, deeds, release } = await set(context, { holds: true });
  const reply = call();
  await look(nap, 50);
  assert.deepEqual(deeds, []);
  release();
  assert.equal(await reply, "hello");
  await look(nap, 2);
  assert.deepEqual(deeds, ["reply", "stop", "asleep"]);
});

test("a machine that is called just after it fell asleep takes longer to fall asleep, each time; a long sleep resets that", async (context) => {
  const { nap, call, pass } = await set(context);
  const looksUntilAsleep = async () => {
    for (let looks = 1; looks < 100; looks++) {
      await look(nap, 1);
      if (nap.sleeps) return looks;
    }
    return Infinity;
  };
  const needed: number[] = [];
  for (const slept of [100, 100, 100, 100, 100, 100, 60_000, 60_000]) {
    needed.push(await looksUntilAsleep());
    pass(slept);
    await call();
  }
  assert.deepEqual(needed, [2, 3, 5, 9, 17, 17, 17, 2]);
});

test("a call that comes while the machine is being stopped is answered as well", async (context) => {
  const { nap, call } = await set(context);
  nap.look();
  nap.look();
  assert.ok(nap.sleeps);
  assert.equal(await call(), "hello");
});

test("a machine that does not answer Resume with Ready is sent no call", async (context) => {
  const { nap, call, deeds } = await set(context, { answers: false });
  await look(nap, 2);
  let replied = false;
  void call().then(() => (replied = true));
  await look(nap, 20);
  assert.deepEqual([deeds, replied, nap.sleeps], [["stop", "asleep", "cont", "resume"], false, true]);
});

test("a machine that cannot be continued is reported once, although it does not answer either", async (context) => {
  const { nap, call, failures } = await set(context, { breaks: true });
  await look(nap, 2);
  void call();
  await look(nap, 5);
  assert.deepEqual(failures.map(String), ["Error: it is gone"]);
});
