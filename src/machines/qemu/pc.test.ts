/**
 * An emulated OSv machine in everything but OSv itself: its board with its firmware in the jail, its devices, its templates and clones, and
 * an agent that was told it is on OSv. osv.test.ts tests OSv itself, if there is a kernel.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { openSession } from "../conformance/session.ts";
import type { Driver } from "../driver.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { imageAsOsv, linuxAsOsv as guest } from "./testing/linux-as-osv.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-pc-"));
const runDir = path.join(folder, "run");
const brokenRunDir = path.join(folder, "broken");
after(() => fs.rmSync(folder, { recursive: true }));

describeDriverConformance("qemu-pc", async () => {
  const image = await imageAsOsv(cacheDir, folder);
  return {
    driver: createDriverWithHost({ guest, image: async () => image, cacheDir, runDir, clock: systemClock }),
    broken: createDriverWithHost({
      guest,
      image: async () => ({ ...image, root: path.join(folder, "no-root") }),
      cacheDir,
      runDir: brokenRunDir,
      clock: systemClock,
    }),
    folders: [runDir, brokenRunDir],
    limited: "by itself",
    processes: "one",
    starts: 4,
  };
});

const CLONES = 3;

const look = `exports.default = { async fetch() {
  const fs = require("node:fs"), crypto = require("node:crypto");
  fs.writeFileSync("/tmp/now", "");
  const key = await crypto.webcrypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  return Response.json({
    now: Date.now(), instant: Temporal.Now.instant().epochMilliseconds, kernelsClock: fs.statSync("/tmp/now").mtimeMs,
    drawn: {
      mathRandom: Math.random(),
      randomBytes: crypto.randomBytes(16).toString("hex"),
      uuid: crypto.randomUUID(),
      getRandomValues: Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      key: Buffer.from(await crypto.webcrypto.subtle.exportKey("raw", key)).toString("hex"),
      keyPair: crypto.generateKeyPairSync("x25519").publicKey.export({ format: "jwk" }).x,
    } });
} };`;

interface Looked {
  now: number;
  instant: number;
  /** The time with which the kernel stamps files; nobody can set this clock. */
  kernelsClock: number;
  drawn: Record<string, string | number>;
}

/** Figures of a new clone, with how far off its clocks are at least. */
async function lookInside(driver: Driver, n: number): Promise<Looked & { off: number[] }> {
  const machine = await driver.start({ id: `pc-${process.pid}-${n}`, ...usualChoice });
  const { host, call, ready } = await openSession(machine);
  assert.equal(ready.kernel, "osv");
  const functions = [{ name: "look", format: "cjs" as const, source: { type: "frames" as const, bytes: look.length }, handler: "handler" }];
  await host.bind({ app: "pc", revision: "v1", functions, env: {}, memoryMb: 256, egress: false }, [Buffer.from(look)]);
  // The machine is resumed again, as the fleet does for a blank.
  await host.resume(Date.now(), randomBytes(64), machine.id, false);
  const sent = Date.now();
  const looked = JSON.parse((await call("look")).toString()) as Looked;
  const off = [looked.now, looked.instant].map((now) => Math.max(sent - now, now - Date.now(), 0));
  await machine.kill();
  return { ...looked, off };
}

test("clones whose kernel's clock and randomness cannot be set have the host's time, and no random number in common", async () => {
  const image = await imageAsOsv(cacheDir, folder);
  const driver = createDriverWithHost({ guest, image: async () => image, cacheDir, runDir, clock: systemClock });
  const looks = [];
  for (let n = 0; n < CLONES; n++) looks.push(await lookInside(driver, n));
  await driver.close();
  for (const { off, now, kernelsClock } of looks) {
    for (const ms of off) assert.ok(ms <= 100, `${ms} ms off`);
    assert.ok(now - kernelsClock > 1_000, "the kernel's clock was left alone");
  }
  for (const source of Object.keys(looks[0]!.drawn)) {
    assert.equal(new Set(looks.map(({ drawn }) => drawn[source])).size, CLONES, source);
  }
});

test("machines of two kernels run side by side on one host, and a machine of a kernel that the host lacks is refused", async () => {
  const image = await imageAsOsv(cacheDir, folder);
  const usual = { kernel: linux, image: () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined }) };
  const driver = createDriverWithHost({ guest, others: [usual], image: async () => image, cacheDir, runDir, clock: systemClock });
  assert.deepEqual(driver.kernels, ["osv", "linux"]);
  const machines = [];
  for (const kernel of ["linux", "osv", undefined] as const) {
    const machine = await driver.start({ id: `pc-${process.pid}-${kernel}`, ...usualChoice, ...(kernel && { kernel }) });
    const { ready } = await openSession(machine);
    assert.equal(ready.kernel, kernel ?? "osv");
    machines.push(machine);
  }
  await driver.close();
  for (const machine of machines) assert.equal((await machine.exited).reason, "killed");

  const alone = createDriverWithHost({ guest, image: async () => image, cacheDir, runDir, clock: systemClock });
  await assert.rejects(
    alone.start({ id: `pc-${process.pid}-none`, ...usualChoice, kernel: "linux" }),
    /starts no machines of the kernel linux/,
  );
  await alone.close();
});
