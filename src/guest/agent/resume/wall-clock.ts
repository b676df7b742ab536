/** Sets the wall clock of a machine that was frozen in a template. */
import { onOsv } from "../osv.ts";
import { nativeCall } from "./native.ts";
import { isShifted, shiftClock } from "./shifted-clock.ts";

const CLOCK_REALTIME = 0;
const nativeNow = Date.now;
/** struct timespec: two 64-bit integers in this guest's byte order, with their lower halves first. */
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
  // A kernel may accept the call without setting the clock, which then is as far behind as the machine's stop took. How far it is ahead says nothing: on a
  // busy host, any time may pass here. A clock that is shifted once is never set again, and programs beside the agent have the kernel's.
  return settime(CLOCK_REALTIME, timespecBytes) === 0 && nativeNow() >= Math.floor(now);
}
