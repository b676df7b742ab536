/** The quantile of nearest rank. Pure. @param times pairs of milliseconds and a number of calls, the shortest first @returns null: there are none */
export function quantileOf(times: readonly (readonly [ms: number, calls: number])[], q: number): number | null {
  const all = times.reduce((sum, [, calls]) => sum + calls, 0);
  let rank = Math.max(1, Math.ceil(q * all));
  for (const [ms, calls] of times) {
    rank -= calls;
    if (rank <= 0) return ms;
  }
  return null;
}
