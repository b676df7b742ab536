import type { DriverName } from "../machines/driver.ts";

/** Without KVM a guest may be twenty times slower than its host. */
const EMULATION_MS = 3_000;

/** ms that a machine of this driver has to answer, beyond what others have. */
export function allowanceOf(driver: DriverName): number {
  return driver === "qemu" ? EMULATION_MS : 0;
}
