/** Lines on top of each other: the first is the highest, and each is the sum of itself and of those after it. A gap in one is a gap in all above it. Pure. */
export function stacked(lines: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums: (number | null)[][] = [];
  let below: readonly (number | null)[] | undefined;
  for (const line of lines.toReversed()) {
    const sum: (number | null)[] = line.map((value, index) => plus(value, below === undefined ? 0 : (below[index] ?? null)));
    sums.unshift(sum);
    below = sum;
  }
  return sums;
}

function plus(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
