/** The suite of what every driver promises in driver.ts; it runs against each driver. docs/drivers.md says how to use it. */
import { PROTOCOL_VERSION } from "../../wire/protocol.ts";
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { needControlGroups } from "../host/cgroup/testing/need-groups.ts";
import type { Driver, Machine } from "../driver.ts";
import { guestKernels, usualChoice } from "../../base/kind/machine-kind.ts";
import { clauseOf, clauseWithOutput, type ExitReason } from "../exit.ts";
import { type Footprint, footprint, settledFootprint } from "./footprint.ts";
import type { ConformanceFunction } from "./functions.ts";
import { storeFiles } from "./stored-files.ts";
import { inTime, openSession, type Session, warm } from "./session.ts";

export interface ConformanceSubject {
  driver: Driver;
  /** A driver of the same kind whose starts all fail. */
  broken: Driver;
  /** The folders that the driver writes to while it runs, which are searched for leftovers. */
  folders: string[];
  /** What ends a machine that exceeds its memory limit: the host's control groups, unless this says otherwise. */
  limited?: "by itself";
  /** Its machines have no processes beside their agent. */
  processes?: "one";
  /**
   * The number of starts and kills after which nothing may be left. It may be lower if another driver built in the same way is tested with
   * more.
   */
  starts?: number;
}

const MEMORY_MB = 256;
const STARTS = 8;
/** Two, because the host may have only two cores. */
const AT_ONCE = 2;

export function describeDriverConformance(name: string, makeSubject: () => Promise<ConformanceSubject>): void {
  describe(`driver ${name}`, () => {
    let subject: ConformanceSubject;
    /** The footprint with the driver prepared and used once, when it has everything that it keeps. */
    let idle: Footprint;
    let count = 0;
    const started: Machine[] = [];

    const start = async () => {
      const id = `conf-${name}-${process.pid}-${++count}`;
      const machine = await subject.driver.start({ id, memoryMb: MEMORY_MB, vcpus: 1 });
      started.push(machine);
      return machine;
    };
    const session = async () => openSession(await start());
    const bound = async () => {
      const opened = await session();
      await opened.bind();
      return opened;
    };
    const nothingLeft = async () => assert.deepEqual(await settledFootprint(idle, subject.folders), idle);

    before(async () => {
      subject = await makeSubject();
      await subject.driver.prepare(() => undefined, usualChoice);
      await inTime("the end of a killed machine", (await start()).kill());
      await subject.broken.start({ id: `conf-${name}-broken`, memoryMb: MEMORY_MB, vcpus: 1 }).catch(() => undefined);
      idle = footprint(subject.folders);
    });
    // A test that fails must not leave its machine to the next tests.
    afterEach(async () => void (await inTime("the end of a test's machines", Promise.all(started.map((machine) => machine.kill())))));
    after(async () => {
      await subject.driver.close();
      await subject.broken.close();
    });

    test("probe says what the driver runs machines with", async () => {
      const probe = await subject.driver.probe();
      assert.equal(probe.ok, true, JSON.stringify(probe));
    });

    test("a started machine answers", async () => {
      const { host, ready, machine } = await session();
      assert.equal(ready.protocol, PROTOCOL_VERSION);
      assert.ok((await inTime("Pong", host.ping())) > 0);
      await inTime("the end of a killed machine", machine.kill());
    });

    test("a machine answers the warm function before it is bound", async () => {
      const opened = await session();
      assert.equal((await warm(opened)).toString(), "warm");
      await inTime("the end of a killed machine", opened.machine.kill());
    });

    test("bytes arrive as they were sent, in both directions, few and many", async () => {
      const { call, machine } = await bound();
      for (const size of [1, 1_000, 65_536, 3_000_001]) {
        const body = crypto.randomBytes(size);
        assert.ok(body.equals(await call("echo", body)), `${size} bytes`);
      }
      await inTime("the end of a killed machine", machine.kill());
    });

    test("files that are stored on the host are read where they lie, by the machines that were given them and by no other", async () => {
      const attaches = subject.driver.attaches(usualChoice);
      const own = storeFiles({ "own/large.txt": "x".repeat(3_000_000), "top.txt": "top" });
      const others = storeFiles({ "others/a.txt": "another app's" });
      try {
        for (const [files, isStopped] of [
          [own, false],
          [others, true],
          [own, true],
        ] as const) {
          const opened = await session();
          const { machine } = opened;
          // What a rehearsal has left must not be in the way.
          assert.equal(machine.attach === undefined, attaches === undefined);
          if (machine.attach === undefined) return;
          if (isStopped) await machine.stop();
          const attached = await inTime("the files", machine.attach(files));
          if (isStopped) await machine.cont();
          await opened.bind(attached);
          const found = JSON.parse(
            (
              await opened.call("reads", Buffer.from(["", "own/large.txt", "top.txt", "others/a.txt", dirname(attached.path)].join("\n")))
            ).toString(),
          ) as string[];
          if (files === own)
            assert.deepEqual([found[0], found[1]?.length, found[2], found[3]], ["own,top.txt", 3_000_000, "top", "ENOENT"]);
          else assert.deepEqual(found.slice(0, 4), ["others", "ENOENT", "ENOENT", "another app's"]);
          await inTime("the end of a killed machine", machine.kill());
        }
        assert.equal(await own.path("folder").then((folder) => readFileSync(join(folder, "top.txt"), "utf8")), "top");
        await nothingLeft();
      } finally {
        own.remove();
        others.remove();
      }
    });

    test("a process that ends after its parent leaves nothing in its machine", async () => {
      // Without a kernel of its own, a machine has the host's process 1.
      if (!subject.driver.traits.ownKernel || subject.processes === "one") return;
      const { call, machine } = await bound();
      assert.equal((await call("orphan")).toString(), "gone");
      await inTime("the end of a killed machine", machine.kill());
    });

    test("CPU grows with work, and the figures of CPU and memory stay plausible", async () => {
      const { call, machine } = await bound();
      const before = machine.usage().cpuUs;
      const grown = () => machine.usage().cpuUs - before;
      for (let round = 0; round < 100 && grown() < 200_000; round++) await call("spin", Buffer.from("100"));
      const { cpuUs, memoryBytes } = machine.usage();
      assert.ok(grown() >= 200_000, `${grown()} µs`);
      assert.ok(grown() < 5_000_000, `${grown()} µs`);
      assert.ok(memoryBytes > 500_000, `${memoryBytes} bytes`);
      assert.ok(memoryBytes < 2 * MEMORY_MB * 1_048_576, `${memoryBytes} bytes`);
      await inTime("the end of a killed machine", machine.kill());
      assert.ok(machine.usage().cpuUs >= cpuUs, "the last figure outlives the machine");
    });

    test("a stopped machine uses no CPU and answers nothing, until it is continued", async () => {
      const { host, machine, call } = await bound();
      // It would use a whole CPU if it went on.
      const computed = call("spin", Buffer.from("2000"));
      await machine.stop();
      await machine.stop();
      const pong = host.ping();
      await sleep(100);
      const before = machine.usage().cpuUs;
      const first = await Promise.race([pong.then(() => "answered"), sleep(300).then(() => "silent")]);
      assert.equal(first, "silent");
      // A virtual machine's own threads may do something even so, and some hosts account for it late.
      assert.ok(machine.usage().cpuUs - before < 30_000, `${machine.usage().cpuUs - before} µs`);
      await machine.cont();
      await machine.cont();
      await inTime("the Pong of a machine that goes on", pong);
      await computed;
      await inTime("the end of a killed machine", machine.kill());
    });

    test("kill ends a running or stopped machine and leaves nothing, also when called twice", async () => {
      for (const stopped of [false, true]) {
        const { machine, dead } = await session();
        if (stopped) await machine.stop();
        const [first, second] = await inTime("the end of a machine killed twice", Promise.all([machine.kill(), machine.kill()]));
        assert.equal(first.reason, "killed");
        assert.deepEqual(second, first);
        assert.deepEqual(await machine.exited, first);
        assert.deepEqual(await inTime("the end of a killed machine", machine.kill()), first);
        assert.match(await inTime("the end of the channel", dead), /channel/);
        await nothingLeft();
      }
    });

    const ends: [ConformanceFunction, ExitReason][] = [
      ["exit", "exited"],
      ["crash", "crashed"],
      ["eat", "out-of-memory"],
    ];
    for (const [misdeed, reason] of ends) {
      test(`a machine that ends by itself has the reason ${reason}, and leaves nothing`, async () => {
        // A machine that is limited from outside would take all of the host's memory if nothing limited it.
        if (reason === "out-of-memory" && subject.limited !== "by itself") needControlGroups();
        const opened = await bound();
        const exit = await endOf(opened, misdeed);
        assert.equal(exit.reason, reason, clauseWithOutput(exit));
        assert.notEqual(exit.detail, "");
        for (const line of exit.output) assert.ok(!clauseOf(exit).includes(line), `callers would read what was printed: ${line}`);
        assert.equal(
          (await inTime("the end of a killed machine", opened.machine.kill())).reason,
          reason,
          "a kill that comes late changes nothing",
        );
        await nothingLeft();
      });
    }

    test("a start that fails has a reason, and leaves nothing", async () => {
      const failing = subject.broken.start({ id: `conf-${name}-fails`, memoryMb: MEMORY_MB, vcpus: 1 });
      await assert.rejects(failing, { code: "machine-start-failed" });
      await nothingLeft();
    });

    test("a machine of a kernel that the driver does not have is refused, and leaves nothing", async () => {
      const { driver } = subject;
      for (const kernel of guestKernels.filter((each) => !driver.kernels.includes(each))) {
        const refused = driver.start({ id: `conf-${name}-kernel`, memoryMb: MEMORY_MB, vcpus: 1, kernel });
        await assert.rejects(refused, { code: "machine-start-failed", message: new RegExp(`of the kernel ${kernel}`) });
      }
      await nothingLeft();
    });

    test("many starts and kills leave nothing", async () => {
      const { starts = STARTS } = subject;
      const one = async () => {
        const { machine, host } = await session();
        await inTime("Pong", host.ping());
        await inTime("the end of a killed machine", machine.kill());
      };
      const several = async () => {
        for (let round = 0; round < starts / AT_ONCE; round++) await one();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, several));
      await nothingLeft();
    });

    test("close kills the machines that are left", async () => {
      const machines: Machine[] = [await start(), await start()];
      await subject.driver.close();
      for (const machine of machines)
        assert.equal((await inTime("the end of a machine whose driver closes", machine.exited)).reason, "killed");
    });
  });
}

async function endOf({ call, machine }: Session, misdeed: ConformanceFunction) {
  await assert.rejects(call(misdeed), /channel is over/);
  return inTime(`the end of a machine told to ${misdeed}`, machine.exited);
}
