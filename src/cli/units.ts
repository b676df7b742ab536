/** Quantities as text for people. */

export function bytesInWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(bytes < 10 * 1024 ** power ? 1 : 0)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

export function millisecondsInWords(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** An age in its two largest units. */
export function ageInWords(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** As options are written: "90s", "10m", "1.5h". */
export function durationInWords(ms: number): string {
  const [unit, letter] = ms < 120_000 ? [1_000, "s"] : ms < 7_200_000 ? [60_000, "m"] : [3_600_000, "h"];
  return `${Number((ms / unit).toFixed(1))}${letter}`;
}

/** For sums such as CPU time. */
export function secondsInWords(seconds: number): string {
  const digits = seconds < 10 ? 3 : seconds < 1_000 ? 1 : 0;
  return `${seconds.toFixed(digits)} s`;
}

/** Shows cents if the amount has any, otherwise three significant digits. */
export function money(amount: number): string {
  if (amount === 0) return "0";
  if (Math.abs(amount) >= 1) return amount.toFixed(2);
  return amount.toFixed(Math.min(15, 2 - Math.floor(Math.log10(Math.abs(amount)))));
}

/** Compares a cost with another price: "10 × cheaper", "3.4 × dearer", or "as dear" if they differ by less than 5 %. */
export function comparedInWords(cost: number, price: number): string {
  if (cost === 0 || price === 0) return "-";
  const isCheaper = cost < price;
  const times = isCheaper ? price / cost : cost / price;
  return times < 1.05 ? "as dear" : `${times.toFixed(times < 10 ? 1 : 0)} × ${isCheaper ? "cheaper" : "dearer"}`;
}
