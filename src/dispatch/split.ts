/**
 * Chooses the revision that each call of an alias goes to. A call with a key, if the alias keeps callers at their revision, goes where the alias's runs say
 * (src/traffic/runs.ts). All others are spread so that after any number of calls every revision has had its share: by
 * smooth weighted round robin, as nginx does to balance upstreams: with each call every revision earns its weight, and the one with the
 * most credit is chosen and pays the sum of all weights. So a revision's count differs from its exact share by less than one call for each
 * other revision, while a random choice with weights 90 and 10 would be off by 1 % of 10,000 calls once in three hundred times.
 *
 * Owns: the credit of each revision. Neither reads the time nor makes an object for a call.
 */
import { isDeepStrictEqual } from "node:util";
import { pointOf, revisionAt, type Run } from "../traffic/runs.ts";

export interface WeightedRevision {
  readonly revision: string;
  /** Above zero, in any unit, because only the ratios matter. */
  readonly weight: number;
}

/** Which callers go to which revision. */
export interface StickyRuns {
  readonly salt: string;
  readonly runs: readonly Run[];
}

export class Split {
  readonly #revisions: readonly string[];
  readonly #weights: readonly number[];
  readonly #credits: number[];
  readonly #sum: number;
  readonly #sticky: StickyRuns | undefined;

  /** @param targets at least one; each revision once @param sticky absent: keys make no difference */
  constructor(targets: readonly WeightedRevision[], sticky?: StickyRuns) {
    if (targets.length === 0) throw new RangeError("An alias needs at least one revision.");
    this.#sticky = sticky;
    this.#revisions = targets.map(({ revision }) => revision);
    this.#weights = targets.map(({ weight }) => weight);
    this.#credits = this.#weights.map(() => 0);
    this.#sum = this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Whether a new split of these targets would differ from this one in nothing but its credits. */
  isOf(targets: readonly WeightedRevision[], sticky?: StickyRuns): boolean {
    const isSame = ({ revision, weight }: WeightedRevision, i: number) => revision === this.#revisions[i] && weight === this.#weights[i];
    const isAsSticky = isDeepStrictEqual(sticky, this.#sticky);
    return isAsSticky && targets.length === this.#revisions.length && targets.every(isSame);
  }

  /** The revision of the next call. @param key of its caller */
  next(key?: string): string {
    if (this.#revisions.length === 1) return this.#revisions[0] as string;
    if (key !== undefined && this.#sticky !== undefined) {
      const { salt, runs } = this.#sticky;
      return revisionAt(runs, pointOf(salt, key));
    }
    let chosen = 0;
    for (let i = 0; i < this.#credits.length; i++) {
      (this.#credits[i] as number) += this.#weights[i] as number;
      if ((this.#credits[i] as number) > (this.#credits[chosen] as number)) chosen = i;
    }
    (this.#credits[chosen] as number) -= this.#sum;
    return this.#revisions[chosen] as string;
  }
}
