/** Sets the wall clock of a machine that slept in a template. */
import { nativeCall } from "./native.ts";

const CLOCK_REALTIME = 0;
const NativeDate = Date;
const nativeNow = Date.now;
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
  const timespec = Buffer.alloc(16);
  timespec.writeBigInt64LE(BigInt(Math.floor(now / 1000)), 0);
  timespec.writeBigInt64LE(BigInt(Math.floor((now % 1000) * 1e6)), 8);
  // OSv may have the symbol without the deed: look at the clock as well.
  return settime(CLOCK_REALTIME, timespec) === 0 && Math.abs(nativeNow() - now) < 50;
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
