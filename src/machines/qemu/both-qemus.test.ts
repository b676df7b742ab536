/** The QEMUs of Debian 12 (7.2) and 13 (10.0). At most one of them is the host's; the other runs from unpacked packages. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

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

/** Bytes that clones of each QEMU hold at rest, from control groups. */
const held = new Map<string, number[]>();

for (const [suite, version] of Object.entries(suites) as [keyof typeof suites, string][]) {
  describe(`on QEMU ${version}`, () => {
    const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-both-"));
    let driver: Driver;
    const machines: Machine[] = [];

    before(async () => {
      const host = await readHostFacts();
      const qemuRoot = host?.qemuVersion.startsWith(version)
        ? undefined
        : await fetchProgramRoot({ suite, packages: ["qemu-system-x86", "util-linux"], cacheDir });
      const image = () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
      driver = createDriverWithHost({ guest: linux, image, cacheDir, runDir, clock: systemClock, qemuRoot });
      await driver.prepare(() => undefined, usualChoice);
    });
    after(async () => {
      await driver.close();
      fs.rmSync(runDir, { recursive: true });
    });

    test("clones of a template answer, stop and go on", async () => {
      const probe = await driver.probe();
      assert.ok(probe.ok && probe.detail.startsWith(`QEMU ${version}`), JSON.stringify(probe));
      for (let n = 0; n < CLONES; n++) {
        const machine = await driver.start({ id: `both-${suite}-${process.pid}-${n}`, ...usualChoice });
        machines.push(machine);
        const { host, bind, call } = await openSession(machine);
        await bind();
        assert.equal((await call("echo", Buffer.from("hello"))).toString(), "hello");
        // How much a clone still has to translate depends on how far its template came; after some work all clones have translated the
        // same.
        for (let round = 0; round < ROUNDS; round++)
          await Promise.all(Array.from({ length: 20 }, () => call("echo", Buffer.from("hello"))));
        await machine.stop();
        await machine.cont();
        await host.resume(Date.now(), randomBytes(64), machine.id, false);
      }
    });

    test("the memory of clones at rest is measured", (context) => {
      needControlGroups();
      held.set(
        suite,
        machines.map((machine) => machine.usage().memoryBytes),
      );
      context.diagnostic(
        `QEMU ${version}: ${held.get(suite)!.map(inMib).join(" and ")} of its own; PSS ${qemusPss().map(inMib).join(" and ")}`,
      );
    });
  });
}

// Templates differ in how far their code was compiled, on a busy host by more than a fifth of what clones then hold.
test("a clone holds as much on either, within a third", () => {
  const [old, young] = (["bookworm", "trixie"] as const).map((suite) => Math.min(...held.get(suite)!));
  assert.ok(Math.max(old!, young!) <= 1.33 * Math.min(old!, young!), `${inMib(old!)} on QEMU 7.2, ${inMib(young!)} on QEMU 10.0`);
});

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
