/** Sets the wall clock of a machine that slept in a template. */
import { onOsv } from "../osv.ts";
import { nativeCall } from "./native.ts";
import { isShifted, shiftClock } from "./shifted-clock.ts";

const CLOCK_REALTIME = 0;
const nativeNow = Date.now;
/** Two 64-bit integers, as this guest's processor has them: their lower halves first. */
const timespec = new Uint32Array(4);
const timespecBytes = Buffer.from(timespec.buffer);

/** @param now milliseconds since the epoch, with a fraction */
export function setWallClock(now: number): void {
  if (onOsv || isShifted() || !setKernelClock(now)) shiftClock(now);
}

function setKernelClock(now: number): boolean {
  const settime = nativeCall("clock_settime");
  if (settime === undefined) return false;
  const seconds = Math.floor(now / 1000);
  timespec[0] = seconds % 2 ** 32;
  timespec[1] = seconds / 2 ** 32;
  timespec[2] = (now % 1000) * 1e6;
  // A kernel may have the call without the deed: look at the clock as well.
  return settime(CLOCK_REALTIME, timespecBytes) === 0 && Math.abs(nativeNow() - now) < 50;
}
