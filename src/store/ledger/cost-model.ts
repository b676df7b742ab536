/**
 * Learns what a call of each function of one app costs, from samples of which only the sum is known: least squares over the samples, with
 * no cost below zero and older samples weighing less. As long as the mixture of calls does not vary, all calls cost the same.
 */
export interface CostModel {
  /** @param calls the number of calls by function @param cpuUs CPU of all of them together, in microseconds */
  learn(calls: ReadonlyMap<string, number>, cpuUs: number): void;
  /** Microseconds of CPU for each call; 0 for a function that was never seen. */
  cost(name: string): number;
}

/** The factor by which each new sample reduces the weight of earlier ones, so that about the last hundred count. */
const FADE = 0.99;
/** How many calls of evidence weigh as much as the mean over all functions. */
const TRUST_IN_MEAN = 1;
const SWEEPS = 3;

export function createCostModel(): CostModel {
  const places = new Map<string, number>();
  /** The normal equations' sums: of products of calls, and of calls times CPU. */
  const products: number[][] = [];
  const moments: number[] = [];
  const costs: number[] = [];
  let [allCpuUs, allCalls] = [0, 0];

  function placeOf(name: string): number {
    const known = places.get(name);
    if (known !== undefined) return known;
    const place = places.size;
    places.set(name, place);
    for (const row of products) row.push(0);
    products.push(Array.from({ length: place + 1 }, () => 0));
    moments.push(0);
    costs.push(allCalls > 0 ? allCpuUs / allCalls : 0);
    return place;
  }

  function fade(): void {
    for (const row of products) for (let at = 0; at < row.length; at++) row[at]! *= FADE;
    for (let at = 0; at < moments.length; at++) moments[at]! *= FADE;
    allCpuUs *= FADE;
    allCalls *= FADE;
  }

  /** Gauss-Seidel iteration, which continues from the last solution. */
  function solve(): void {
    const mean = allCpuUs / allCalls;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (let at = 0; at < costs.length; at++) {
        const row = products[at]!;
        let rest = moments[at]! + TRUST_IN_MEAN * mean;
        for (let other = 0; other < costs.length; other++) if (other !== at) rest -= row[other]! * costs[other]!;
        costs[at] = Math.max(0, rest / (row[at]! + TRUST_IN_MEAN));
      }
    }
  }

  return {
    learn(calls, cpuUs) {
      const entries = [...calls].map(([name, count]) => [placeOf(name), count] as const);
      const total = entries.reduce((sum, [, count]) => sum + count, 0);
      if (total === 0) return;
      fade();
      allCpuUs += cpuUs;
      allCalls += total;
      // Each sample is weighted by one divided by its number of calls, because the error of a sum grows with the number of its parts.
      for (const [at, count] of entries) {
        moments[at]! += (count * cpuUs) / total;
        for (const [other, otherCount] of entries) products[at]![other]! += (count * otherCount) / total;
      }
      solve();
    },
    cost: (name) => costs[places.get(name) ?? -1] ?? 0,
  };
}
