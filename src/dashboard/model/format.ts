/** Numbers, times and amounts as people read them. Pure. */

const NONE = "–";

/** Three significant digits, and thousands apart: 0.0123, 12.3, 1,230. */
export function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 });
}

export function milliseconds(ms: number | null): string {
  if (ms === null) return NONE;
  // What would be rounded to 1,000 ms, or to 60 s, is of the next unit.
  if (ms < 999.5) return `${number(ms)} ms`;
  return ms < 59_950 ? `${number(ms / 1_000)} s` : age(Math.max(ms, 60_000));
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** As elsewhere in Mayfly, a MB is 2^20 bytes. */
export function bytes(value: number | null): string {
  if (value === null) return NONE;
  // 1,023.5 KB and more would be rounded to 1,024.
  const unit = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value / 1_023.5) / 10) + 1);
  return `${number(value / 2 ** (10 * unit))} ${UNITS[unit]}`;
}

/** A share of 0 to 1. A share that is not 0 is never shown as 0 %, and one below 1 never as 100 %. */
export function share(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (value > 0 && value < 0.001) return "< 0.1 %";
  if (value < 1 && value > 0.999) return "> 99.9 %";
  return `${Number((100 * value).toFixed(1))} %`;
}

export function money(value: number, currency: string): string {
  return `${number(value)} ${currency}`;
}

/** How long ago, or for how long, in the two largest units: 3 d 4 h, 5 min 2 s. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

const two = (value: number) => String(value).padStart(2, "0");

/** In the reader's time zone: 13:05:20. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** In the reader's time zone: 2026-11-30 13:05. */
export function dateAndTime(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A time of today as the time of day, any other with its date: in a list of what happened, both stand below each other. In the reader's time zone. */
export function moment(at: number, now: number): string {
  const [date, today] = [dateAndTime(at), dateAndTime(now)].map((text) => text.slice(0, 10));
  return date === today ? timeOfDay(at) : `${date!} ${timeOfDay(at)}`;
}

/** In the reader's time zone: 30 Nov. */
function day(at: number): string {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** What stands below the times of a plot's axis, ascending and in ms: as much of each as tells it from its neighbours. */
export function timesOnAxis(at: readonly number[]): string[] {
  const step = at.length < 2 ? 60_000 : at[1]! - at[0]!;
  // A day may have 23 hours, where clocks are moved.
  if (step >= 23 * 3_600_000) return at.map(day);
  if (step < 60_000) return at.map(timeOfDay);
  return at.map((each) => {
    const time = timeOfDay(each).slice(0, 5);
    return time === "00:00" ? day(each) : time;
  });
}

/** How many times one amount is of another: "54 ×"; undefined if that says nothing. */
export function times(many: number, one: number): string | undefined {
  if (!(one > 0) || !(many > 0)) return undefined;
  return `${number(many / one)} ×`;
}
