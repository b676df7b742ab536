/** What an alias names, as text. */
import { percent } from "../base/words/percent.ts";

export interface ShownTarget {
  number: number;
  weight: number;
}

/** "3", or "2 90 %, 3 10 %" if there are several. */
export function targetsInWords(targets: readonly ShownTarget[]): string {
  const all = targets.reduce((sum, { weight }) => sum + weight, 0);
  return targets.map(({ number, weight }) => (targets.length === 1 ? String(number) : `${number} ${percent(weight / all)}`)).join(", ");
}

/** "All calls of shop go to revision 2; before, they went to 2 90 %, 3 10 %." */
export function movedInWords({
  app,
  targets,
  before,
}: {
  app: string;
  targets: readonly ShownTarget[];
  before: readonly ShownTarget[];
}): string {
  return `All calls of ${app} go to revision ${targetsInWords(targets)}; before, they went to ${targetsInWords(before)}.`;
}
