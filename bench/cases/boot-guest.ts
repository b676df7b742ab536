/** One boot of a guest from nothing, as a template's begins. */
import { closeSync } from "node:fs";
import { systemClock } from "../../src/base/clock/clock.ts";
import type { Config } from "../../src/base/config/schema.ts";
import { ensureImage } from "../../src/images/ensure-image.ts";
import { ensureOsvImage } from "../../src/images/osv/ensure-osv-image.ts";
import { usualSize } from "../../src/machines/driver.ts";
import type { GuestKernelName } from "../../src/machines/drivers.ts";
import { chooseAccelerator } from "../../src/machines/host/qemu/accelerator.ts";
import { withBootedGuest } from "../../src/machines/qemu/boot.ts";
import { createConfinement } from "../../src/machines/host/qemu/confinement.ts";
import { readHostFacts } from "../../src/machines/host/qemu/host-facts.ts";
import { linux } from "../../src/machines/qemu/linux.ts";
import { osv } from "../../src/machines/qemu/osv.ts";

const deadlineMs = 60_000;

/** Milliseconds from the start of QEMU to the agent's Ready. The driver was prepared before: what it found out is in the cache. */
export async function bootForBench(kernel: GuestKernelName, { cacheDir, osvKernel }: Config, runDir: string): Promise<number> {
  const progress = () => undefined;
  const image = await (kernel === "osv" ? ensureOsvImage({ cacheDir, osvKernel, progress }) : ensureImage({ cacheDir, progress }));
  const facts = (await readHostFacts())!;
  const unknown = () => Promise.reject(new Error("the driver has not tried KVM yet"));
  const { accelerator } = await chooseAccelerator(cacheDir, facts, image.kernel, unknown);
  const shape = { guest: kernel === "osv" ? osv : linux, accelerator, ...usualSize };
  const confinement = createConfinement(facts, `${runDir}/boot`);
  const begun = performance.now();
  try {
    return await withBootedGuest(
      { image, shape, tscKhz: facts.tscKhz, confinement, clock: systemClock, deadlineMs },
      async ({ host, memory }) => {
        const took = performance.now() - begun;
        host.close();
        closeSync(memory);
        return took;
      },
    );
  } finally {
    confinement.remove();
  }
}
