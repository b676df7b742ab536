/** The QEMUs of Debian 12 (7.2) and 13 (10.0). At most one of them is the host's; the other runs from unpacked packages. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { fetchProgramRoot } from "../../images/debian/program-root.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { processTree } from "../host/cgroup/proc.ts";
import { needControlGroups } from "../host/cgroup/testing/need-groups.ts";
import { openSession } from "../conformance/session.ts";
import type { Driver, Machine } from "../driver.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { readHostFacts } from "../host/qemu/host-facts.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const CLONES = 2;
const ROUNDS = 20;
const suites = { bookworm: "7.2", trixie: "10.0" } as const;

type Suite = keyof typeof suites;
/** How much more clones on one QEMU may hold than on the other. */
const BOUND = 1.2;
/** Templates of one QEMU differ in how far their code was compiled, on a busy host by more than a fifth of what clones then hold, so the least of some counts. */
const TEMPLATES = 3;

/** The least bytes that a clone of each QEMU held at rest, from control groups. */
const held = new Map<Suite, number>();
const driverOf = new Map<Suite, (templates: string) => Driver>();
const folders: string[] = [];
let count = 0;

after(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

for (const [suite, version] of Object.entries(suites) as [Suite, string][]) {
  describe(`on QEMU ${version}`, () => {
    const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-both-"));
    folders.push(runDir);
    let driver: Driver;

    before(async () => {
      const host = await readHostFacts();
      const qemuRoot = host?.qemuVersion.startsWith(version)
        ? undefined
        : await fetchProgramRoot({ suite, packages: ["qemu-system-x86", "util-linux"], cacheDir });
      const image = () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
      const make = (templates: string) =>
        createDriverWithHost({ guest: linux, image, cacheDir: templates, runDir, clock: systemClock, qemuRoot });
      driverOf.set(suite, make);
      driver = make(cacheDir);
      await driver.prepare(() => undefined, usualChoice);
    });
    after(() => driver.close());

    test("clones of a template answer, stop and go on, and their memory at rest is measured", async (context) => {
      const probe = await driver.probe();
      assert.ok(probe.ok && probe.detail.startsWith(`QEMU ${version}`), JSON.stringify(probe));
      await measure(suite, driver, context);
    });
  });
}

test("a clone holds as much on either, within a fifth", async (context) => {
  needControlGroups();
  for (let templates = 1; ratio() > BOUND && templates < TEMPLATES; templates++) {
    const more: Suite = held.get("bookworm")! > held.get("trixie")! ? "bookworm" : "trixie";
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-templates-"));
    const driver = driverOf.get(more)!(folder);
    try {
      await driver.prepare(() => undefined, usualChoice);
      await measure(more, driver, context);
    } finally {
      await driver.close();
      fs.rmSync(folder, { recursive: true });
    }
  }
  assert.ok(ratio() <= BOUND, `${inMib(held.get("bookworm")!)} on QEMU 7.2, ${inMib(held.get("trixie")!)} on QEMU 10.0`);
});

function ratio(): number {
  const [old, young] = [held.get("bookworm")!, held.get("trixie")!];
  return Math.max(old, young) / Math.min(old, young);
}

/** Lets clones do some work, and keeps the least that one held then. */
async function measure(suite: Suite, driver: Driver, context: TestContext): Promise<void> {
  const machines: Machine[] = [];
  for (let n = 0; n < CLONES; n++) {
    const machine = await driver.start({ id: `both-${suite}-${process.pid}-${++count}`, ...usualChoice });
    machines.push(machine);
    const { host, bind, call } = await openSession(machine);
    await bind();
    assert.equal((await call("echo", Buffer.from("hello"))).toString(), "hello");
    // How much a clone still has to translate depends on how far its template came; after some work all clones have translated the
    // same.
    for (let round = 0; round < ROUNDS; round++) await Promise.all(Array.from({ length: 20 }, () => call("echo", Buffer.from("hello"))));
    await machine.stop();
    await machine.cont();
    await host.resume(Date.now(), randomBytes(64), machine.id, false);
  }
  const bytes = machines.map((machine) => machine.usage().memoryBytes);
  held.set(suite, Math.min(held.get(suite) ?? Infinity, ...bytes));
  context.diagnostic(`QEMU ${suites[suite]}: ${bytes.map(inMib).join(" and ")} of its own; PSS ${qemusPss().map(inMib).join(" and ")}`);
  await Promise.all(machines.map((machine) => machine.kill()));
}

function qemusPss(): number[] {
  return processTree(process.pid).flatMap((pid) => {
    const rollup = /qemu/.test(fs.readFileSync(`/proc/${pid}/comm`, "utf8")) ? fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8") : "";
    const kilobytes = /^Pss: +(\d+) kB$/m.exec(rollup)?.[1];
    return kilobytes === undefined ? [] : [Number(kilobytes) * 1024];
  });
}

function inMib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
