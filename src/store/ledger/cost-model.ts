/**
 * What a call of each function of one app costs, learned from samples of which only the sum is known: least squares over the samples,
 * none below zero, older ones fading. As long as the mixture of calls does not vary, all calls cost the same.
 */
export interface CostModel {
  /** @param calls by function @param cpuUs of all of them together */
  learn(calls: ReadonlyMap<string, number>, cpuUs: number): void;
  /** Microseconds; 0 of a function that was never seen. */
  cost(name: string): number;
}

/** Per sample: what is remembered is about the last hundred. */
const FADE = 0.99;
/** So many calls of evidence are enough to leave the mean. */
const TRUST_IN_MEAN = 1;
const SWEEPS = 3;

export function createCostModel(): CostModel {
  const places = new Map<string, number>();
  /** The normal equations: of products of calls, and of calls with CPU. */
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

  /** Gauss and Seidel's iteration, which goes on from the last solution. */
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
      // The more calls, the larger the error of their sum.
      for (const [at, count] of entries) {
        moments[at]! += (count * cpuUs) / total;
        for (const [other, otherCount] of entries) products[at]![other]! += (count * otherCount) / total;
      }
      solve();
    },
    cost: (name) => costs[places.get(name) ?? -1] ?? 0,
  };
}
