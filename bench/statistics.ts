/** @param values at least one */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The quantile by nearest rank. @param q 0 to 1 */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  if (value === undefined) throw new Error("no values");
  return value;
}
