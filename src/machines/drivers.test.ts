import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../base/clock/clock.ts";
import { agents, type RuntimeName, usualChoice } from "../base/kind/machine-kind.ts";
import type { MayflyError } from "../base/errors/error.ts";
import { chooseDriver, createDriver } from "./drivers.ts";
import { createQemuHost } from "./host/qemu/qemu-host.ts";
import { createUids } from "../base/uids/uids.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-drivers-"));
const uids = createUids();
const qemuHost = createQemuHost({ cacheDir: folder, jailDir: folder, uids });
after(async () => {
  await qemuHost.close();
  rmSync(folder, { recursive: true });
});
const surroundings = {
  cacheDir: folder,
  runDir: folder,
  qemuHost,
  uids,
  clock: systemClock,
  progress: () => undefined,
  kernel: "osv",
} as const;

test("only the driver qemu runs OSv", async () => {
  for (const name of ["gvisor", "process"] as const) {
    await assert.rejects(createDriver(name, surroundings), (error: MayflyError) => {
      return error.code === "bad-config" && /kernel/.test(error.message) && error.message.includes(name);
    });
  }
});

test("the driver qemu has machines of OSv beside those of Linux if OSv's file is named", async () => {
  const { kernel: _, ...linux } = surroundings;
  const kernelsOf = async (more: object) => (await createDriver("qemu", { ...linux, ...more })).kernels;
  assert.deepEqual(await kernelsOf({}), ["linux"]);
  assert.deepEqual(await kernelsOf({ osvKernel: "loader.elf" }), ["linux", "osv"]);
  assert.deepEqual(await kernelsOf({ osvKernel: "loader.elf", kernel: "osv" }), ["osv", "linux"]);
});

test("of OSv there are machines of each agent, and none of programs beside one", async () => {
  const driver = await createDriver("qemu", { ...surroundings, osvKernel: join(folder, "no-such-file") });
  const start = (runtime: RuntimeName) => driver.start({ id: `drivers-${process.pid}`, ...usualChoice, kernel: "osv", runtime });
  try {
    // They would have to be built, of a kernel that is not there.
    for (const runtime of agents) await assert.rejects(start(runtime), /no-such-file/, runtime);
    for (const runtime of ["node-java", "node-python"] as const)
      await assert.rejects(start(runtime), /starts no machines of the kernel osv with the runtime node-/, runtime);
  } finally {
    await driver.close();
  }
});

test("OSv without a kernel, or with a file that is not one, is refused before anything is built", async () => {
  await assert.rejects(chooseDriver("auto", surroundings), (error: MayflyError) => {
    return error.code === "missing-part" && /MAYFLY_OSV_KERNEL/.test(error.cure);
  });
  const osvKernel = join(folder, "text");
  writeFileSync(osvKernel, "no kernel");
  await assert.rejects(chooseDriver("auto", { ...surroundings, osvKernel }), { code: "bad-osv-kernel" });
});
