/**
 * What CPU of a machine with nothing to do is the platform's doing, and so not for its app to pay: that of the emulator's or sandbox's own
 * threads, up to what these were seen to use (docs/drivers.md). The rest is the app's, which may well do something between its invocations.
 */
import type { DriverName } from "../machines/driver.ts";

/** Of a core, awake and with nothing to do. */
const idleShare: Record<DriverName, number> = { qemu: 0.02, gvisor: 0.08, process: 0.005, fake: 0 };
/** Microseconds to be stopped, continued and told the time. */
const wakeUs: Record<DriverName, number> = { qemu: 20_000, gvisor: 10_000, process: 5_000, fake: 0 };

/** Microseconds, at most. @param ms with nothing to do, up to and with its stop */
export function platformsOfIdling(driver: DriverName, ms: number): number {
  return idleShare[driver] * ms * 1_000;
}

export function platformsOfWaking(driver: DriverName): number {
  return wakeUs[driver];
}
