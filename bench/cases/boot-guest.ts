/** One boot of a guest without a template, as the first step of making a template. */
import { closeSync } from "node:fs";
import { systemClock } from "../../src/base/clock/clock.ts";
import type { Config } from "../../src/base/config/schema.ts";
import { ensureImage } from "../../src/images/ensure-image.ts";
import { ensureOsvImage } from "../../src/images/osv/ensure-osv-image.ts";
import { type GuestKernelName, usualChoice } from "../../src/base/kind/machine-kind.ts";
import { withBootedGuest } from "../../src/machines/qemu/boot.ts";
import type { QemuHost } from "../../src/machines/host/qemu/qemu-host.ts";
import { linux } from "../../src/machines/qemu/linux.ts";
import { osv } from "../../src/machines/qemu/osv.ts";
import { createUids } from "../../src/base/uids/uids.ts";

const deadlineMs = 60_000;

/** Milliseconds from the start of QEMU to the agent's Ready. The driver's preparation, whose results are in the cache, is not included. */
export async function bootForBench(kernel: GuestKernelName, { cacheDir, osvKernel }: Config, qemuHost: QemuHost): Promise<number> {
  const progress = () => undefined;
  const uids = createUids();
  const image = await (kernel === "osv"
    ? ensureOsvImage({ cacheDir, uids, osvKernel, progress })
    : ensureImage({ cacheDir, uids, progress }));
  const opened = await qemuHost.open();
  const { facts, confinement } = opened;
  const unknown = () => Promise.reject(new Error("the driver has not tried KVM yet"));
  const { accelerator } = await opened.accelerator(image.kernel, unknown);
  const shape = { guest: kernel === "osv" ? osv : linux, accelerator, ...usualChoice, runtime: "node" as const };
  const begun = performance.now();
  return withBootedGuest({ image, shape, tscKhz: facts.tscKhz, confinement, clock: systemClock, deadlineMs }, async ({ host, memory }) => {
    const took = performance.now() - begun;
    host.close();
    closeSync(memory);
    return took;
  });
}
