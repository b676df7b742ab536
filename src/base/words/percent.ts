/** A share of 0 to 1 with at most two digits after the point: "90 %", "33.33 %", "<0.01 %". Only all is "100 %". */
export function percent(share: number): string {
  if (share > 0 && share < 0.000_1) return "<0.01 %";
  if (share < 1 && share > 0.999_9) return ">99.99 %";
  return `${Number((100 * share).toFixed(2))} %`;
}
