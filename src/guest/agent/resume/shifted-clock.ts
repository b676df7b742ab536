/** Date and Temporal.Now with a difference added, for a machine whose kernel's clock cannot be set. */
const NativeDate = Date;
const nativeNow = Date.now;
let offsetMs = 0;
let shifted = false;

/** @param now the host's time, in milliseconds since the epoch, with a fraction */
export function shiftClock(now: number): void {
  offsetMs = now - nativeNow();
  if (shifted) return;
  shifted = true;
  shiftDate();
  shiftTemporal();
}

/** The wall clock, even if user code has replaced Date. */
export function wallNow(): number {
  return nativeNow() + offsetMs;
}

export function isShifted(): boolean {
  return shifted;
}

function shiftDate(): void {
  NativeDate.now = () => Math.floor(nativeNow() + offsetMs);
  globalThis.Date = new Proxy(NativeDate, {
    construct: (target, parameters, newTarget) =>
      Reflect.construct(target, parameters.length === 0 ? [NativeDate.now()] : parameters, newTarget) as object,
    apply: () => new NativeDate(NativeDate.now()).toString(),
  });
  NativeDate.prototype.constructor = globalThis.Date;
}

/** Replaces Temporal.Now.instant(); the other functions compute from the instant, as they do natively. */
function shiftTemporal(): void {
  const { Now } = globalThis.Temporal;
  const nativeInstant = Now.instant;
  const instant = () => nativeInstant().add({ nanoseconds: Math.round(offsetMs * 1e6) });
  const zoned = (zone: Temporal.TimeZoneLike = Now.timeZoneId()) => instant().toZonedDateTimeISO(zone);
  const shiftedNow: Partial<typeof Now> = {
    instant,
    zonedDateTimeISO: zoned,
    plainDateTimeISO: (zone) => zoned(zone).toPlainDateTime(),
    plainDateISO: (zone) => zoned(zone).toPlainDate(),
    plainTimeISO: (zone) => zoned(zone).toPlainTime(),
  };
  for (const [name, value] of Object.entries(shiftedNow)) Object.defineProperty(Now, name, { value, writable: true, configurable: true });
}
