import { test } from "node:test";
import assert from "node:assert/strict";
import type { HostEnd } from "../wire/host-end.ts";
import type { Machine } from "../machines/driver.ts";
import { NO_LIFE, NO_MEMORY, Pulse, type PulseOptions } from "./pulse.ts";

/**
 * Feels the pulse once a second until the machine is given up or a minute has passed. Returns the reason, and after how many seconds it
 * came.
 */
async function watch(life: {
  kernel: PulseOptions["kernel"];
  /** Microseconds of CPU that the machine uses each second. */
  cpuUs?: number;
  memoryMb?: number;
  inFlight?: number;
  /** Seconds between two frames of the machine. */
  speaksEvery?: number;
  answers?: boolean;
}): Promise<{ why: string | undefined; seconds: number; pings: number }> {
  const { kernel, cpuUs = 0, memoryMb = 50, inFlight = 1, speaksEvery = Infinity, answers = false } = life;
  let [seconds, heard, pings] = [0, 0, 0];
  const ping = () => {
    pings += 1;
    if (answers) heard += 1;
    return answers ? Promise.resolve(1) : new Promise<number>(() => {});
  };
  const end = {
    inFlight,
    get heard() {
      return heard;
    },
    ping,
  } as Partial<HostEnd> as HostEnd;
  const usage = () => ({ cpuUs: cpuUs * seconds, memoryBytes: memoryMb * 1_048_576 });
  const pulse = new Pulse({ machine: { usage } as Machine, end, memoryMb: 256, now: () => seconds * 1_000, boundMs: 2_000, kernel });
  for (; seconds < 60; seconds++) {
    if (seconds % speaksEvery === 0) heard += 1;
    const why = pulse.feel();
    if (why !== undefined) return { why, seconds, pings };
    await Promise.resolve();
    await Promise.resolve();
  }
  return { why: undefined, seconds, pings };
}

test("a machine that neither answers nor uses CPU is given up within ten seconds", async () => {
  const { why, seconds, pings } = await watch({ kernel: "other" });
  assert.deepEqual([why, pings], [NO_LIFE, 1]);
  assert.ok(seconds <= 10, `${seconds} s`);
});

test("a function that computes for a minute is left alone, and so is one that waits in a guest whose kernel ticks", async () => {
  assert.equal((await watch({ kernel: "other", cpuUs: 1_000_000 })).why, undefined);
  assert.equal((await watch({ kernel: "osv", cpuUs: 1_000_000 })).why, undefined);
  assert.equal((await watch({ kernel: "other", cpuUs: 500 })).why, undefined);
});

test("a bare process that blocks without computing is left alone: that may be what its function does", async () => {
  assert.equal((await watch({ kernel: "none" })).why, undefined);
});

test("an OSv guest that computes with all of its memory in use, and answers nothing, is given up within ten seconds, as likely out of memory", async () => {
  const { why, seconds } = await watch({ kernel: "osv", cpuUs: 1_000_000, memoryMb: 230 });
  assert.equal(why, NO_MEMORY);
  assert.ok(seconds <= 10, `${seconds} s`);
  assert.equal(
    (await watch({ kernel: "other", cpuUs: 1_000_000, memoryMb: 250 })).why,
    undefined,
    "other kernels end such a guest by themselves",
  );
});

test("a machine that speaks, answers, or has nothing to do is not given up, whatever else it does", async () => {
  for (const life of [{ speaksEvery: 1 }, { answers: true }, { inFlight: 0 }])
    assert.equal((await watch({ kernel: "osv", memoryMb: 256, ...life })).why, undefined, JSON.stringify(life));
});

test("a machine that reports its figures every second is not pinged", async () => {
  assert.equal((await watch({ kernel: "other", speaksEvery: 1 })).pings, 0);
});

test("the reason why a blocked machine is given up says how much memory it holds, and if it is much, that V8 may be near its limit", () => {
  const why = (memoryMb: number, kernel: PulseOptions["kernel"]) => {
    const machine = { usage: () => ({ cpuUs: 0, memoryBytes: memoryMb * 1_048_576 }) } as Machine;
    return new Pulse({ machine, end: {} as HostEnd, memoryMb: 256, now: () => 0, boundMs: 2_000, kernel }).whySilent("main has blocked");
  };
  assert.equal(why(60, "other"), "main has blocked; its machine holds 60 MB of its 256 MB of memory");
  assert.match(
    why(170, "other"),
    /^main has blocked; its machine holds 170 MB of its 256 MB of memory\. .*V8 is near its limit.*raise memoryMb/,
  );
  assert.equal(why(230, "osv"), NO_MEMORY);
});
