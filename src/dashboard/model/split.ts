import { share } from "./format.ts";

/** Where calls go, in words: "revision 3", or "3 90 %, 4 10 %". Pure. */
export function splitInWords(targets: readonly { number: number; weight: number }[]): string {
  const all = targets.reduce((sum, { weight }) => sum + weight, 0);
  if (targets.length === 1) return `revision ${targets[0]!.number}`;
  return targets.map(({ number, weight }) => `${number} ${share(weight / all)}`).join(", ") || "–";
}
