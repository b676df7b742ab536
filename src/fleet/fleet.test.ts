/** A machine's whole life in a fleet, over a fake driver. The file is long because all tests share one setting, which is a quarter of it. */
import { describe, test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../base/clock/until.ts";
import { duplexPair } from "node:stream";
import type { Version } from "../store/catalog/catalog.ts";
import { manifestSchema } from "../store/catalog/manifest.ts";
import { systemClock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { MachineStats } from "../policy/policy.ts";
import { kindOf, type MachineKind, usualChoice, usualKind } from "../base/kind/machine-kind.ts";
import type { Driver, Machine, MachineSpec } from "../machines/driver.ts";
import { clauseOf, type MachineExit } from "../machines/exit.ts";
import { createFakeDriver, type FakeDriverOptions, type FakeMachineControls } from "../machines/fake/fake-driver.ts";
import { requestHead } from "../wire/testing/model-guest.ts";
import { createFleet } from "./create-fleet.ts";
import type { Fleet, FleetOptions, MachineEnd } from "./fleet.ts";
import type { UsageEntry } from "../store/ledger/usage.ts";

const SPARE = { kind: usualKind, urgent: false };

interface Setting {
  fleet: Fleet;
  driver: Driver;
  usage: UsageEntry[];
  reports: string[];
  dying: number[];
  /** The reports on machines with invocations. */
  reported: (MachineStats & { machine: number })[];
  /** The reports on machines that had nothing to do. */
  rests: { machine: number; cpu: number }[];
  blank: (machine: number) => Promise<void>;
  bound: (machine: number) => Promise<void>;
  gone: (machine: number) => Promise<MachineEnd>;
}

function set(context: TestContext, driver: Driver, options: Partial<FleetOptions> = {}): Setting {
  const [usage, reports, dying]: [UsageEntry[], string[], number[]] = [[], [], []];
  const reported: Setting["reported"] = [];
  const rests: Setting["rests"] = [];
  const happened = new Map<string, PromiseWithResolvers<unknown>>();
  const about = (what: string) => {
    if (!happened.has(what)) happened.set(what, Promise.withResolvers());
    return happened.get(what) as PromiseWithResolvers<unknown>;
  };
  const fleet = createFleet({
    driver,
    clock: systemClock,
    bootId: "t",
    code: () => ({ functions: [{ function: "echo", format: "cjs", bytes: 0 }], parts: () => [] }),
    secrets: () => ({}),
    egress: () => null,
    usage: { record: (entry) => usage.push(entry) },
    report: (text) => reports.push(text),
    ...options,
  });
  fleet.attach({
    blank: (id) => about(`blank ${id}`).resolve(undefined),
    bound: (id) => about(`bound ${id}`).resolve(undefined),
    stats: (id, stats) => reported.push({ machine: id, ...stats }),
    rested: (id, cpu) => rests.push({ machine: id, cpu }),
    dying: (id) => dying.push(id),
    gone: (id, end) => about(`gone ${id}`).resolve(end),
    log: () => {},
  });
  context.after(async () => {
    await fleet.close();
    await driver.close();
  });
  const wait = (what: string) => about(what).promise as Promise<never>;
  return {
    fleet,
    driver,
    usage,
    reports,
    dying,
    reported,
    rests,
    blank: (id) => wait(`blank ${id}`),
    bound: (id) => wait(`bound ${id}`),
    gone: (id) => wait(`gone ${id}`),
  };
}

function version(): Version {
  return {
    app: "ada",
    id: "v1",
    manifest: manifestSchema.parse({ name: "ada", functions: { echo: { entry: "x" } } }),
    number: 1,
    createdAt: 0,
  };
}

/** A fake driver, and the controls of each machine in the order of their starts. */
function controlled(options: FakeDriverOptions = {}): { driver: Driver; controls: FakeMachineControls[] } {
  const controls: FakeMachineControls[] = [];
  const functions = (machine: FakeMachineControls) => {
    controls.push(machine);
    return { echo: (body: Buffer) => body };
  };
  return { driver: createFakeDriver({ functions, ...options }), controls };
}

describe("a start", () => {
  test("tells the driver whether its machine came up, but says nothing about a machine that was killed before", async (context) => {
    const outcomes: [string, boolean][] = [];
    const fake = createFakeDriver();
    const start = async (spec: { id: string; memoryMb: number; vcpus: number }) => {
      const machine = await fake.start(spec);
      const cameUp = (worked: boolean) => void outcomes.push([spec.id, worked]);
      return { ...machine, cameUp, channel: spec.id === "mt-1" ? machine.channel : duplexPair()[0] };
    };
    const { fleet, blank, gone } = set(context, { ...fake, start }, { handshakeMs: 2_000 });
    fleet.start(1, SPARE);
    await blank(1);
    fleet.start(2, SPARE);
    await gone(2);
    fleet.start(3, SPARE);
    await sleep(50);
    fleet.kill(3, "it was not needed");
    await gone(3);
    assert.deepEqual(outcomes, [
      ["mt-1", true],
      ["mt-2", false],
    ]);
  });

  test("makes a blank, which a bind gives to an app", async (context) => {
    const { fleet, blank, bound } = set(context, createFakeDriver());
    fleet.start(1, SPARE);
    await blank(1);
    assert.equal(fleet.view(1)?.phase, "blank");
    assert.equal(fleet.view(1)?.app, null);
    fleet.bind(1, version());
    await bound(1);
    assert.deepEqual([fleet.view(1)?.phase, fleet.view(1)?.app, fleet.view(1)?.revision], ["bound", "ada", "v1"]);
  });

  test("makes a machine that ends if it writes to the channel of mounts though its app has none", async (context) => {
    const fake = createFakeDriver();
    const [mounts, carrier] = duplexPair();
    const start = async (spec: MachineSpec) => Object.assign(Object.create(await fake.start(spec)) as Machine, { mounts });
    const { fleet, blank, bound, gone } = set(context, { ...fake, start });
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    carrier.write("x");
    const { reason, detail } = await gone(1);
    assert.deepEqual([reason, detail], ["protocol-violation", "it wrote to the channel of mounts, of which its app has none"]);
  });

  test("that is urgent makes a blank that still runs and is bound at once; if nobody takes it, it is stopped", async (context) => {
    const stopped: string[] = [];
    const fake = createFakeDriver();
    const start = async (spec: { id: string; memoryMb: number; vcpus: number }) => {
      const machine = await fake.start(spec);
      const stop = () => (stopped.push(spec.id), machine.stop());
      return Object.assign(Object.create(machine) as Machine, { stop });
    };
    const { fleet, blank, bound } = set(context, { ...fake, start });
    fleet.start(1, { ...SPARE, urgent: true });
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    fleet.start(2, { ...SPARE, urgent: true });
    await blank(2);
    await until(() => stopped.includes("mt-2"));
    fleet.bind(2, version());
    await bound(2);
    assert.deepEqual([fleet.view(1)?.phase, fleet.view(2)?.phase], ["bound", "bound"]);
  });

  test("makes a blank that can be roused: it runs before it is bound, and rests again if it is not", async (context) => {
    const did: string[] = [];
    const fake = createFakeDriver();
    const start = async (spec: MachineSpec) => {
      const machine = await fake.start(spec);
      const noting = (what: "stop" | "cont") => () => (did.push(`${what} ${spec.id}`), machine[what]());
      return Object.assign(Object.create(machine) as Machine, { stop: noting("stop"), cont: noting("cont") });
    };
    const { fleet, blank, bound } = set(context, { ...fake, start });
    for (const id of [1, 2]) {
      fleet.start(id, SPARE);
      await blank(id);
    }
    await until(() => did.length === 2);
    fleet.rouse({ ...SPARE.kind, key: "of another kind" }, 0);
    fleet.rouse(SPARE.kind, 60_000);
    await until(() => did.includes("cont mt-1"));
    fleet.bind(1, version());
    await bound(1);
    assert.deepEqual(did.slice(2), ["cont mt-1"]);
    fleet.rouse(SPARE.kind, 1);
    await until(() => did.at(-1) === "stop mt-2");
    fleet.bind(2, version());
    await bound(2);
    assert.deepEqual(did.slice(3), ["cont mt-2", "stop mt-2", "cont mt-2"]);
  });

  test("that is hastened tells its driver, and makes a blank that still runs", async (context) => {
    const [stopped, told]: [string[], string[]] = [[], []];
    const started = Promise.withResolvers<void>();
    const beforeStart = async ({ id, awaited }: MachineSpec) => {
      if (awaited instanceof Promise) void awaited.then(() => told.push(id));
      await started.promise;
    };
    const fake = createFakeDriver({ beforeStart });
    const start = async (spec: MachineSpec) => {
      const machine = await fake.start(spec);
      const stop = () => (stopped.push(spec.id), machine.stop());
      return Object.assign(Object.create(machine) as Machine, { stop });
    };
    const { fleet, blank, bound } = set(context, { ...fake, start });
    for (const id of [1, 2]) fleet.start(id, SPARE);
    await sleep(5);
    fleet.hasten(1);
    await until(() => told.includes("mt-1"));
    started.resolve();
    await blank(1);
    assert.ok(!stopped.includes("mt-1"));
    fleet.bind(1, version());
    await Promise.all([bound(1), blank(2)]);
    assert.deepEqual([told, stopped.includes("mt-2")], [["mt-1"], true]);
  });

  test("waits for its turn: no more than a fixed number of machines start at once", async (context) => {
    let [starting, most] = [0, 0];
    const beforeStart = async () => {
      most = Math.max(most, ++starting);
      await sleep(5);
      starting--;
    };
    const { fleet, blank } = set(context, createFakeDriver({ beforeStart }), { concurrentStarts: 2 });
    for (let id = 1; id <= 6; id++) fleet.start(id, SPARE);
    assert.equal(fleet.view(6)?.phase, "starting");
    await Promise.all([1, 2, 3, 4, 5, 6].map(blank));
    assert.equal(most, 2);
  });

  test("of a kind that is being prepared holds up no machine of another kind, and ends at once when it is killed", async (context) => {
    const preparing = Promise.withResolvers<void>();
    const prepare = ({ kernel }: MachineKind) => (kernel === "osv" ? preparing.promise : Promise.resolve());
    const { fleet, blank, gone } = set(context, createFakeDriver({ kernels: ["linux", "osv"] }), { concurrentStarts: 1, prepare });
    const onOsv = { kind: kindOf(usualChoice, "osv"), urgent: false };
    fleet.start(1, onOsv);
    fleet.start(2, onOsv);
    fleet.start(3, SPARE);
    await blank(3);
    assert.equal(fleet.view(1)?.phase, "starting");
    fleet.kill(2, "for a reason");
    await gone(2);
    preparing.resolve();
    await blank(1);
  });

  test("of a kind that cannot be prepared fails with the reason", async (context) => {
    const prepare = async () => {
      throw new Error("there is no image");
    };
    const { fleet, gone } = set(context, createFakeDriver(), { prepare });
    fleet.start(1, SPARE);
    assert.deepEqual(await gone(1), { reason: "start-failed", detail: "there is no image", output: [], asked: false, failed: true });
  });

  test("that the driver refuses fails with the driver's reason, which is written to the server's log", async (context) => {
    const beforeStart = () => {
      throw new Error("no room");
    };
    const { fleet, gone, reports, dying } = set(context, createFakeDriver({ beforeStart }));
    fleet.start(1, SPARE);
    assert.deepEqual(await gone(1), { reason: "start-failed", detail: "no room", output: [], asked: false, failed: true });
    assert.match(reports.join(), /^Machine mt-1 ended: no room\.$/);
    assert.deepEqual(dying, []);
  });

  test("is given up if the agent says nothing, and the machine is killed", async (context) => {
    const { driver, killed } = mute();
    const { fleet, gone } = set(context, driver, { handshakeMs: 20 });
    fleet.start(1, SPARE);
    const detail = "the handshake took over 20 ms";
    assert.deepEqual(await gone(1), { reason: "bring-up-failed", detail, output: [], asked: false, failed: true });
    assert.equal(killed(), 1);
  });
});

describe("a kill", () => {
  for (const when of ["waiting for its turn", "starting", "blank", "binding", "bound"] as const)
    test(`of a machine that is ${when} ends it, and its end counts as asked for`, async (context) => {
      const hold = Promise.withResolvers<void>();
      const beforeStart = (spec: { id: string }) => (spec.id === "mt-1" ? hold.promise : undefined);
      const { fleet, gone, blank, bound } = set(context, createFakeDriver({ beforeStart }), { concurrentStarts: 1 });
      const id = when === "waiting for its turn" ? 2 : 1;
      fleet.start(1, SPARE);
      fleet.start(2, SPARE);
      if (when !== "waiting for its turn" && when !== "starting") hold.resolve();
      await (when === "waiting for its turn" || when === "starting" ? sleep(1) : blank(1));
      if (when === "binding" || when === "bound") fleet.bind(1, version());
      if (when === "bound") await bound(1);
      assert.equal(fleet.view(id)?.phase, when === "waiting for its turn" ? "starting" : when);
      fleet.kill(id, "for a reason");
      hold.resolve();
      assert.deepEqual(await gone(id), { reason: "killed", detail: "for a reason", output: [], asked: true, failed: false });
      assert.equal(fleet.view(id), undefined);
    });
});

describe("a machine that ends by itself", () => {
  test("gets no more work, and then its end has a reason", async (context) => {
    const { driver, controls } = controlled();
    const { fleet, blank, bound, gone, dying } = set(context, driver);
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    controls[0]?.end("out-of-memory");
    const { reason, output, asked, failed } = await gone(1);
    assert.deepEqual([reason, output, asked, failed], ["out-of-memory", ["the fake machine's last line"], false, false]);
    assert.deepEqual(dying, [1]);
    assert.equal(request(fleet, 1), undefined);
  });

  test("because its image was damaged has that as its reason, whatever the host noticed first", async (context) => {
    const { driver, controls } = controlled();
    const { fleet, blank, bound, gone } = set(context, driver);
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    controls[0]?.end("image-damaged");
    assert.match(
      clauseOf(await gone(1)),
      /^the image that all machines start from was damaged on this host's disk, which is not the app's fault: /,
    );
  });

  test("while it is bound to an app counts as failed", async (context) => {
    const { driver, controls } = controlled();
    const { fleet, blank, gone, reports } = set(context, driver);
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    controls[0]?.end("crashed");
    const end = await gone(1);
    assert.deepEqual([end.reason, end.failed], ["crashed", true]);
    // What is of use only to the operator is in the server's log alone.
    assert.deepEqual(reports, ["Machine mt-1 of ada printed at its end:\nregisters"]);
    assert.doesNotMatch(JSON.stringify(end), /registers/);
  });

  test("has a failed bind if its app's secrets or code cannot be had", async (context) => {
    const secrets = () => {
      throw new MayflyError("no-such-secret", { app: "ada", secret: "KEY" });
    };
    const { fleet, blank, gone } = set(context, createFakeDriver(), { secrets });
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    const end = await gone(1);
    assert.deepEqual([end.reason, end.asked, end.failed], ["bind-failed", false, true]);
    assert.equal(clauseOf(end), "App ada names the secret KEY, which is not set");
  });
});

describe("a bound machine", () => {
  test("that answers no ping in time is killed, with the reason", async (context) => {
    const { fleet, driver, blank, bound, gone } = set(context, createFakeDriver());
    const machines: Machine[] = [];
    const start = driver.start.bind(driver);
    driver.start = async (spec) => {
      const machine = await start(spec);
      machines.push(machine);
      return machine;
    };
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    fleet.checkAlive(1, 500, () => "not this one");
    await sleep(20);
    await machines[0]?.stop();
    fleet.checkAlive(1, 20, () => "it sleeps");
    const detail = "it sleeps; its machine holds 32 MB of its 256 MB of memory";
    assert.deepEqual(await gone(1), { reason: "unresponsive", detail, output: [], asked: false, failed: false });
  });

  test("with nothing to do is stopped; a call wakes it, and the CPU that it used in its rest is reported", async (context) => {
    const { fleet, blank, bound, rests } = set(context, createFakeDriver(), { napMs: 10, statsMs: 50 });
    fleet.start(1, SPARE);
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    const asleep = async () => {
      while (fleet.view(1)?.asleep !== true) await sleep(5);
    };
    const call = () => new Promise<void>((resolve) => request(fleet, 1, resolve));
    await call();
    await asleep();
    // The rest begins with the report after the last invocation, which comes half a second after it at the earliest.
    await sleep(2_000);
    await call();
    assert.equal(fleet.view(1)?.phase, "bound");
    while (rests.length === 0) await sleep(20);
    assert.deepEqual(rests, [{ machine: 1, cpu: 0 }]);
    await asleep();
    fleet.kill(1, "done");
  });

  test("that debuggers reach is told so at each Resume, and is not stopped when it has nothing to do; others are told nothing", async (context) => {
    const driver = createFakeDriver();
    const told = new Map<string, string>();
    const start = driver.start.bind(driver);
    driver.start = async (spec) => {
      const machine = await start(spec);
      const write = machine.channel.write.bind(machine.channel) as (...args: unknown[]) => boolean;
      machine.channel.write = (...args: unknown[]) => {
        told.set(spec.id, `${told.get(spec.id) ?? ""}${String(args[0])}`);
        return write(...args);
      };
      return spec.id === "mt-1" ? { ...machine, inspector: { address: "tcp:192.0.2.1:3" } } : machine;
    };
    const { fleet, blank, bound } = set(context, driver, { napMs: 10 });
    for (const id of [1, 2]) {
      fleet.start(id, SPARE);
      await blank(id);
      fleet.bind(id, version());
      await bound(id);
    }
    // Every look is at both.
    await until(() => fleet.view(2)?.asleep === true);
    assert.equal(fleet.view(1)?.asleep, false);
    assert.match(told.get("mt-1")!, /"inspector":"tcp:192\.0\.2\.1:3"/);
    assert.match(told.get("mt-2")!, /"entropy":/);
    assert.doesNotMatch(told.get("mt-2")!, /inspector/);
  });

  test(
    "that was stopped by somebody else with a call under way is given up long before the call's time is",
    { timeout: 60_000 },
    async (context) => {
      const driver = createFakeDriver({ functions: () => ({ echo: () => new Promise<Buffer>(() => {}) }) });
      const machines: Machine[] = [];
      const start = driver.start.bind(driver);
      driver.start = async (spec) => {
        const machine = await start(spec);
        machines.push(machine);
        return machine;
      };
      const { fleet, blank, bound, gone } = set(context, driver, { answerMs: 50, statsMs: 50 });
      fleet.start(1, SPARE);
      await blank(1);
      fleet.bind(1, version());
      await bound(1);
      request(fleet, 1);
      await sleep(20);
      await machines[0]?.stop();
      const detail = "it neither answers nor uses any CPU";
      assert.deepEqual(await gone(1), { reason: "unresponsive", detail, output: [], asked: false, failed: false });
    },
  );

  test("is billed to its app from the bind on, with the CPU of its start; the memory that it held before is billed to the platform", async (context) => {
    const { driver, controls } = controlled();
    const { fleet, usage, blank, bound, gone } = set(context, driver);
    fleet.start(1, SPARE);
    await blank(1);
    fleet.sample();
    const sum = (app: string | null, kind: string, what: "cpuUs" | "byteSeconds") =>
      usage.filter((entry) => entry.app === app && entry.kind === kind).reduce((total, entry) => total + entry[what], 0);
    assert.equal(sum(null, "start", "cpuUs"), 1_000);
    await sleep(5);
    fleet.bind(1, version());
    await bound(1);
    controls[0]?.work(7_000);
    await new Promise<void>((resolve) => request(fleet, 1, resolve));
    await sleep(5);
    fleet.kill(1, "done");
    await gone(1);
    assert.deepEqual([sum(null, "start", "cpuUs"), sum("ada", "start", "cpuUs"), sum("ada", "run", "cpuUs")], [0, 1_000, 7_000]);
    assert.ok(sum(null, "start", "byteSeconds") >= 4e-3 * 32 * 1_048_576);
    assert.ok(sum("ada", "run", "byteSeconds") >= 4e-3 * 32 * 1_048_576);
    assert.equal(sum("ada", "start", "byteSeconds"), 0);
  });

  test("that cannot be looked after keeps no other from being looked after, and is told once a minute", async (context) => {
    const { driver: fake } = controlled();
    let started = 0;
    let fails = false;
    const driver: Driver = {
      ...fake,
      async start(spec) {
        const machine = await fake.start(spec);
        const first = ++started === 1;
        const usage = () => {
          if (first && fails) throw new Error("EMFILE");
          return machine.usage();
        };
        return { ...machine, usage };
      },
    };
    const { fleet, usage, reports, blank } = set(context, driver);
    for (const id of [1, 2]) {
      fleet.start(id, SPARE);
      await blank(id);
    }
    usage.length = 0;
    fails = true;
    await sleep(5);
    for (let look = 0; look < 3; look++) fleet.sample();
    fails = false;
    assert.ok(usage.length > 0 && usage.every(({ machine }) => machine === "mt-2"), JSON.stringify(usage));
    assert.deepEqual(reports, ["Machine mt-1 could not be looked after: Error: EMFILE"]);
  });

  test("with nothing to do is billed to the platform for what stopping and waking it takes, within the driver's bounds, and to its app for more", async (context) => {
    const { driver: fake, controls } = controlled();
    // A stop and a waking that take 300 µs and 5,000 µs of CPU time. The look that finds the machine idle comes 10 ms after the one before, at the earliest.
    const driver: Driver = {
      ...fake,
      traits: { ...fake.traits, idleShare: 0.04, wakeUs: 2_000 },
      async start(spec) {
        const machine = await fake.start(spec);
        const stop = async () => {
          controls[0]!.work(300);
          await machine.stop();
        };
        const cont = async () => {
          controls[0]!.work(5_000);
          await machine.cont();
        };
        return { ...machine, stop, cont };
      },
    };
    const { fleet, usage, blank, bound } = set(context, driver, { napMs: 10 });
    fleet.start(1, { ...SPARE, urgent: true });
    await blank(1);
    fleet.bind(1, version());
    await bound(1);
    await new Promise<void>((resolve) => request(fleet, 1, resolve));
    await until(() => fleet.view(1)?.asleep === true);
    const run = (app: string | null) =>
      usage.filter((entry) => entry.app === app && entry.kind === "run").reduce((sum, { cpuUs }) => sum + cpuUs, 0);
    await until(() => run(null) > 0);
    const stopped = { ours: run(null), theirs: run("ada") };
    assert.deepEqual([stopped.ours, stopped.theirs], [300, 0]);
    await new Promise<void>((resolve) => request(fleet, 1, resolve));
    await until(() => run(null) > stopped.ours);
    assert.deepEqual([run(null), run("ada")], [2_300, 3_000]);
  });

  test("that no app took is billed to the platform to its end", async (context) => {
    const { fleet, usage, blank, gone } = set(context, createFakeDriver());
    fleet.start(1, SPARE);
    await blank(1);
    fleet.kill(1, "not needed");
    await gone(1);
    assert.deepEqual([...new Set(usage.map(({ app, kind }) => `${app} ${kind}`))], ["null start"]);
    assert.equal(
      usage.reduce((total, { cpuUs }) => total + cpuUs, 0),
      1_000,
    );
  });
});

describe("the load of a machine", () => {
  test("is reported from the host's accounting while it has invocations, and once after that", async (context) => {
    const release = Promise.withResolvers<void>();
    const functions = (machine: FakeMachineControls) => ({
      echo: async (body: Buffer) => {
        machine.work(2_000_000);
        await release.promise;
        return body;
      },
    });
    const { fleet, blank, bound, reported } = set(context, createFakeDriver({ functions }), { statsMs: 100 });
    fleet.start(1, SPARE);
    fleet.start(2, SPARE);
    await Promise.all([blank(1), blank(2)]);
    for (const id of [1, 2]) fleet.bind(id, version());
    await Promise.all([bound(1), bound(2)]);
    const closed = new Promise<void>((resolve) => request(fleet, 1, resolve));
    while (reported.length < 2) await sleep(20);
    const [first, second] = reported;
    assert.deepEqual([first?.machine, second?.machine, second?.cpu], [1, 1, 0]);
    assert.ok((first?.cpu ?? 0) > 0.5 && (first?.cpu ?? 9) <= 4, `${first?.cpu} CPUs for 2 s of CPU in half a second or more`);
    assert.equal(first?.memoryBytes, 32 * 1_048_576);
    release.resolve();
    await closed;
    const { length } = reported;
    while (reported.length === length) await sleep(20);
    await sleep(800);
    assert.equal(reported.length, length + 1, "one report after the last invocation, then silence");
  });
});

test("after close() nothing is left, whatever was under way", async (context) => {
  const { fleet, driver } = set(context, createFakeDriver({ beforeStart: () => sleep(5) }));
  for (let id = 1; id <= 8; id++) fleet.start(id, SPARE);
  await sleep(8);
  await fleet.close();
  for (let id = 1; id <= 8; id++) assert.equal(fleet.view(id), undefined);
  await driver.close();
});

function request(fleet: Fleet, machine: number, closed: () => void = () => {}) {
  const head = { ...requestHead, function: "echo" };
  const nothing = () => {};
  return fleet.request(machine, head, Buffer.from("x"), true, {
    head: nothing,
    data: nothing,
    end: nothing,
    reset: nothing,
    drain: nothing,
    closed,
  });
}

/** A driver whose agents never send Hello. */
function mute(): { driver: Driver; killed: () => number } {
  let kills = 0;
  const start = async ({ id }: { id: string }): Promise<Machine> => {
    const exit = Promise.withResolvers<MachineExit>();
    const kill = () => {
      kills++;
      exit.resolve({ reason: "killed", detail: "", output: [] });
      return exit.promise;
    };
    const [channel] = duplexPair();
    return {
      id,
      channel,
      fresh: true,
      exited: exit.promise,
      usage: () => ({ cpuUs: 0, memoryBytes: 0 }),
      assign: async () => {},
      stop: async () => {},
      cont: async () => {},
      kill,
    };
  };
  return { driver: { ...createFakeDriver(), start }, killed: () => kills };
}

describe("the clone of a snapshot", () => {
  const snapshot = { part: "v1", inputs: "as they are" };
  async function withSnapshot(context: TestContext, options: FakeDriverOptions = {}, more: Partial<FleetOptions> = {}): Promise<Setting> {
    const driver = createFakeDriver(options);
    const steps = { ready: async () => undefined, admit: () => undefined, gone: new AbortController().signal };
    await driver.snapshots!.make({ id: "s-1", memoryMb: 256, vcpus: 1, snapshot }, steps);
    return set(context, driver, more);
  }
  const order = { ...SPARE, urgent: true, restores: { version: version(), snapshot } };

  test("comes up bound, is never a blank, and what its start used is its app's", async (context) => {
    const { fleet, bound, blank, usage, gone } = await withSnapshot(context);
    let wasBlank = false;
    void blank(1).then(() => (wasBlank = true));
    fleet.start(1, order);
    await bound(1);
    assert.deepEqual([fleet.view(1)?.phase, fleet.view(1)?.app, fleet.view(1)?.revision], ["bound", "ada", "v1"]);
    const replied = Promise.withResolvers<void>();
    const sink = { head: () => {}, data: () => {}, end: () => {}, reset: () => {}, closed: () => replied.resolve(), drain: () => {} };
    fleet.request(1, { ...requestHead, function: "echo" }, null, true, sink);
    await replied.promise;
    fleet.kill(1, "it was not needed");
    await gone(1);
    assert.equal(wasBlank, false);
    const sums = Map.groupBy(usage, ({ app }) => app);
    const cpuOf = (app: string | null) => (sums.get(app) ?? []).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
    assert.deepEqual([cpuOf(null), cpuOf("ada")], [0, 1_000]);
  });

  test("that cannot go on ends with the reason, as failed", async (context) => {
    const { fleet, gone } = await withSnapshot(context, { restore: () => "a hook failed" });
    fleet.start(1, order);
    const { reason, detail, failed } = await gone(1);
    assert.deepEqual([reason, detail, failed], ["bind-failed", "a hook failed", true]);
  });

  test("that takes its time after the restore holds up no machine but further ones of its app", async (context) => {
    const { driver: fake } = await withSnapshot(context);
    const clones: string[] = [];
    const start: Driver["start"] = async (spec) => {
      const machine = await fake.start(spec);
      if (spec.snapshot === undefined) return machine;
      clones.push(spec.id);
      return clones.length > 1 ? machine : { ...machine, channel: duplexPair()[0] };
    };
    const { fleet, blank, bound, gone } = set(context, { ...fake, start }, { concurrentStarts: 1 });
    fleet.start(1, order);
    fleet.start(2, order);
    await until(() => clones.length > 0);
    fleet.start(3, SPARE);
    await blank(3);
    assert.deepEqual([clones, fleet.view(1)?.phase, fleet.view(2)?.phase], [["mt-1"], "starting", "starting"]);
    fleet.kill(1, "it takes too long");
    await gone(1);
    await bound(2);
  });

  test("of a snapshot that is gone fails to start", async (context) => {
    const { fleet, gone, driver } = await withSnapshot(context);
    driver.snapshots!.drop("v1");
    fleet.start(1, order);
    const { reason, failed } = await gone(1);
    assert.deepEqual([reason, failed], ["start-failed", true]);
  });
});
