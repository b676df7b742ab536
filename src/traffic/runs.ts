/**
 * Which callers go to which revision, for an alias that keeps a caller at its revision. A caller's key is hashed to a point of a line of LENGTH units, and the line
 * is cut into runs that belong to revisions. Pure.
 *
 * When weights change, a revision whose share shrinks gives the ends of its runs away, and these pieces go to the revisions whose shares grow. So no more callers
 * change their revision than the new weights make necessary, however many revisions there are; a split by sorted borders, or by the highest of several hashes,
 * moves more than that as soon as there are three.
 */
import { hash } from "node:crypto";

/** A revision, and how many units of the line it has there. */
export type Run = readonly [revision: string, units: number];

export interface Weight {
  revision: string;
  /** Above zero, in any unit. */
  weight: number;
}

export const LENGTH = 2 ** 30;
/** With more runs than this the line is cut anew, which moves more callers than necessary, but bounds what an alias takes. */
const MOST_RUNS = 256;

/** The runs for these weights that differ least from the present ones. @param runs empty: there were none yet */
export function moveRuns(runs: readonly Run[], weights: readonly Weight[]): Run[] {
  const wanted = unitsOf(weights);
  const kept: [revision: string, units: number][] = [];
  const left = new Map(wanted);
  for (const [revision, units] of runs) {
    const own = Math.min(units, left.get(revision) ?? 0);
    left.set(revision, (left.get(revision) ?? 0) - own);
    kept.push([revision, own], ["", units - own]);
  }
  if (runs.length === 0) kept.push(["", LENGTH]);
  const filled = joined(kept.flatMap(([revision, units]) => (revision === "" ? taken(left, units) : [[revision, units] as Run])));
  return filled.length <= MOST_RUNS ? filled : joined([...wanted]);
}

/** The revision at the point of the line. */
export function revisionAt(runs: readonly Run[], point: number): string {
  let end = 0;
  for (const [revision, units] of runs) {
    end += units;
    if (point < end) return revision;
  }
  return runs.at(-1)?.[0] ?? "";
}

/** @param salt what makes the same caller's point another one for each alias, for example the alias's app and name */
export function pointOf(salt: string, key: string): number {
  return hash("sha256", `${salt}\0${key}`, "buffer").readUInt32BE(0) % LENGTH;
}

/** Takes pieces of `units` units in all from what each revision still lacks. */
function taken(left: Map<string, number>, units: number): Run[] {
  const runs: Run[] = [];
  let free = units;
  for (const [revision, lacking] of left) {
    const piece = Math.min(free, lacking);
    if (piece === 0) continue;
    runs.push([revision, piece]);
    left.set(revision, lacking - piece);
    free -= piece;
  }
  return runs;
}

/** How many units each revision gets, LENGTH in all. The rounded rest goes to the last one. */
function unitsOf(weights: readonly Weight[]): Map<string, number> {
  const sum = weights.reduce((all, { weight }) => all + weight, 0);
  const units = new Map<string, number>();
  let [weightBefore, before] = [0, 0];
  for (const { revision, weight } of weights) {
    weightBefore += weight;
    const border = Math.round((weightBefore / sum) * LENGTH);
    units.set(revision, border - before);
    before = border;
  }
  return units;
}

/** Neighbours of the same revision are one run. */
function joined(runs: readonly Run[]): Run[] {
  const result: [revision: string, units: number][] = [];
  for (const [revision, units] of runs) {
    const last = result.at(-1);
    if (units === 0) continue;
    if (last?.[0] === revision) last[1] += units;
    else result.push([revision, units]);
  }
  return result;
}
