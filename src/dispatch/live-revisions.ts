/**
 * The revisions that calls go to, by app. Only point() and remove() change where an app's calls go.
 *
 * Owns: how each app's calls are split over its revisions.
 * 1. A revision belongs to one app. It is live from the point() that names it until a later point() of the app does not, or the app is removed. It
 *    stays known here until forget(), because the policy may command something for it until it is told.
 * 2. Of an app that rests, only the split and the ids of its revisions are kept: no manifests. It takes no calls until the next point(), which
 *    continues the split if the targets are the same.
 */
import type { MachineEnd } from "../fleet/fleet.ts";
import type { Version } from "../store/catalog/catalog.ts";
import type { ServedTarget } from "./live-dispatcher.ts";
import { Split, type WeightedRevision } from "./split.ts";

export interface LiveRevision {
  readonly version: Version;
  /** The revision gets the share of the app's calls that its weight has in the sum of all weights. */
  readonly weight: number;
  /** The end of its last machine that could not be bound; null if there was none. */
  readonly lastFailure: MachineEnd | null;
}

export interface Moved {
  /** Ids of the revisions that were not live before. */
  added: Set<string>;
  /** Ids of the revisions that are live no more. */
  retired: string[];
  /** The revision that gets what waits for the retired ones: the one with the largest weight. */
  successor: string;
  /** The revision that had the largest weight before; null if the app is new. */
  heir: string | null;
}

interface App {
  readonly split: Split;
  /** Ids, the one with the largest weight first. */
  readonly revisions: string[];
}

export class LiveRevisions {
  readonly #apps = new Map<string, App>();
  readonly #resting = new Map<string, App>();
  readonly #revisions = new Map<string, LiveRevision>();

  /** The last failure of a revision that is live already is forgotten. @param targets at least one; each revision once */
  point(app: string, targets: readonly ServedTarget[]): Moved {
    const known = this.#apps.get(app) ?? this.#resting.get(app);
    const weights = targets.map(({ revision, weight }) => ({ revision: revision.id, weight })).toSorted(byWeight);
    const before = known?.revisions ?? [];
    const after = weights.map(({ revision }) => revision);
    const retired = before.filter((id) => !after.includes(id));
    for (const { revision, weight } of targets) this.#revisions.set(revision.id, { version: revision, weight, lastFailure: null });
    this.#apps.set(app, { split: known?.split.isOf(weights) === true ? known.split : new Split(weights), revisions: after });
    this.#resting.delete(app);
    return { added: new Set(after.filter((id) => !before.includes(id))), retired, successor: after[0]!, heir: before[0] ?? null };
  }

  /** The app's calls go nowhere from now on. Returns the ids of the revisions that were live. */
  remove(app: string): string[] {
    const { revisions } = this.#apps.get(app) ?? this.#resting.get(app) ?? { revisions: [] };
    this.#apps.delete(app);
    this.#resting.delete(app);
    return revisions;
  }

  /** Returns the ids of the app's revisions. */
  rest(app: string): readonly string[] {
    const known = this.#apps.get(app);
    if (known === undefined) return [];
    this.#apps.delete(app);
    this.#resting.set(app, known);
    for (const revision of known.revisions) this.#revisions.delete(revision);
    return known.revisions;
  }

  /** The policy has heard that the revision is live no more. */
  forget(revision: string): void {
    this.#revisions.delete(revision);
  }

  /** The id of the revision that the app's next call goes to; empty if the app is not known. */
  next(app: string): string {
    return this.#apps.get(app)?.split.next() ?? "";
  }

  /** Undefined if no revision of this id is known. */
  get(revision: string): LiveRevision | undefined {
    return this.#revisions.get(revision);
  }

  serves(app: string): boolean {
    return this.#apps.has(app);
  }

  /** The one with the largest weight first. */
  of(app: string): LiveRevision[] {
    return (this.#apps.get(app)?.revisions ?? []).map((id) => this.#revisions.get(id) as LiveRevision);
  }

  noteFailure(revision: string, end: MachineEnd): void {
    const known = this.#revisions.get(revision);
    if (known !== undefined) this.#revisions.set(revision, { ...known, lastFailure: end });
  }
}

/** Targets of the same weight are ordered by their ids, so that the same targets always come in the same order. */
function byWeight(a: WeightedRevision, b: WeightedRevision): number {
  return b.weight - a.weight || (a.revision < b.revision ? -1 : 1);
}
