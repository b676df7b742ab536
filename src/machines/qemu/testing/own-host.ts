/** A driver with a host of its own, which is closed with it, for tests of the driver. */
import type { Driver } from "../../driver.ts";
import { createQemuHost } from "../../host/qemu/qemu-host.ts";
import { createUids } from "../../../base/uids/uids.ts";
import type { GuestKernel } from "../guest-kernel.ts";
import { createQemuDriver, type QemuDriverOptions } from "../qemu-driver.ts";
import type { GuestSource } from "../stock.ts";

interface OwnHostOptions extends Omit<QemuDriverOptions, "host" | "guests">, Omit<GuestSource, "kernel"> {
  guest: GuestKernel;
  /** Further kernels whose machines run beside the first one's. */
  others?: GuestSource[];
  /** The folder in which the jail is made. */
  runDir: string;
  qemuRoot?: string | undefined;
}

export function createDriverWithHost({
  guest,
  runtime,
  image,
  damageOf,
  others = [],
  runDir,
  qemuRoot,
  ...options
}: OwnHostOptions): Driver {
  const host = createQemuHost({ cacheDir: options.cacheDir, jailDir: runDir, uids: createUids(), qemuRoot });
  const driver = createQemuDriver({ ...options, host, guests: [{ kernel: guest, runtime, image, damageOf }, ...others] });
  return {
    ...driver,
    async close() {
      await driver.close();
      await host.close();
    },
  };
}
