/** Sets the wall clock of a machine that slept in a template. */
import { nativeCall } from "./native.ts";

const CLOCK_REALTIME = 0;
const NativeDate = Date;
const nativeNow = Date.now;
/** Two 64-bit integers, as this guest's processor has them: their lower halves first. */
const timespec = new Uint32Array(4);
const timespecBytes = Buffer.from(timespec.buffer);
let offsetMs = 0;
let corrected = false;

/** @param now milliseconds since the epoch, with a fraction */
export function setWallClock(now: number): void {
  if (!corrected && setKernelClock(now)) return;
  offsetMs = now - nativeNow();
  correctDate();
}

function setKernelClock(now: number): boolean {
  const settime = nativeCall("clock_settime");
  if (settime === undefined) return false;
  const seconds = Math.floor(now / 1000);
  timespec[0] = seconds % 2 ** 32;
  timespec[1] = seconds / 2 ** 32;
  timespec[2] = (now % 1000) * 1e6;
  // OSv may have the symbol without the deed: look at the clock as well.
  return settime(CLOCK_REALTIME, timespecBytes) === 0 && Math.abs(nativeNow() - now) < 50;
}

/** Where the kernel's clock can't be set (OSv), Date adds the difference. */
function correctDate(): void {
  if (corrected) return;
  corrected = true;
  NativeDate.now = () => Math.floor(nativeNow() + offsetMs);
  globalThis.Date = new Proxy(NativeDate, {
    construct: (target, parameters, newTarget) =>
      Reflect.construct(target, parameters.length === 0 ? [NativeDate.now()] : parameters, newTarget) as object,
    apply: () => new NativeDate(NativeDate.now()).toString(),
  });
  NativeDate.prototype.constructor = globalThis.Date;
}
