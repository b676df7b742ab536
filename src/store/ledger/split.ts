/** Splits a whole number in proportion to weights, into whole numbers that sum to it exactly. If all weights are zero, it is split evenly. */
export function splitExactly(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const parts = sum > 0 ? weights : weights.map(() => 1);
  const whole = sum > 0 ? sum : weights.length;
  let [reached, given] = [0, 0];
  return parts.map((weight) => {
    reached += weight;
    const share = Math.round(total * (reached / whole)) - given;
    given += share;
    return share;
  });
}
