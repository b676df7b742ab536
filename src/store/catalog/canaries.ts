/** Canaries in the catalog. A change of `live` and what it does to a canary are one transaction. */
import type { CanaryPlan, CanaryReason } from "../../traffic/canary.ts";
import { createTally, type Tally } from "../../traffic/tally.ts";
import { type CanaryRow, type CanaryState, LIVE, type Revision, type Target } from "./catalog.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { StoredCanary } from "./queries/traffic.ts";

type Parts = Pick<CatalogParts, "queries" | "clock">;

export interface NewCanary {
  /** The revision that gets the other calls. */
  old: Revision;
  share: number;
  plan: CanaryPlan;
}

/** Must be called within a transaction, after the targets were set. */
export function startCanary({ queries, clock }: Parts, { id, app }: Revision, { old, share, plan }: NewCanary): void {
  const counts = JSON.stringify({ old: createTally(), fresh: createTally() });
  queries.traffic.addCanary(id, app, old.id, old.number, share, JSON.stringify(plan), Math.trunc(clock.wall()), counts);
}

/**
 * Must be called within the transaction that sets the targets of `live`, before it starts another canary. A running canary is over: it is promoted if its
 * revision gets all calls now, rolled back if the old one does, and otherwise replaced.
 */
export function endCanary({ queries, clock }: Parts, app: string, targets: readonly Target[], reason: CanaryReason): void {
  const running = queries.traffic.runningOf(app);
  if (running === undefined) return;
  const only = targets.length === 1 ? targets[0]!.revision.id : undefined;
  const state: CanaryState = only === running.revision ? "promoted" : only === running.old ? "rolled-back" : "replaced";
  queries.traffic.endCanary(running.revision, state, Math.trunc(clock.wall()), JSON.stringify(reason));
}

export function runningCanaries({ queries }: Parts): CanaryRow[] {
  return queries.traffic.running().flatMap((row) => canaryOf(row) ?? []);
}

export function canaryOfRevision({ queries }: Parts, revision: string): CanaryRow | undefined {
  const row = queries.traffic.canary(revision);
  return row && canaryOf(row);
}

export function runningCanaryOf({ queries }: Parts, app: string): CanaryRow | undefined {
  const row = queries.traffic.runningOf(app);
  return row && canaryOf(row);
}

/** By their revisions. */
export function canariesOf(stored: StoredCanary[]): Map<string, CanaryRow> {
  const rows: CanaryRow[] = stored.flatMap((row) => canaryOf(row) ?? []);
  return new Map(rows.map((row) => [row.revision, row]));
}

/** Undefined if the disk has damaged the row: a canary is watched by what is stored of it, so that such a one is none any more. */
function canaryOf({ plan, reason, counts, state, ...row }: StoredCanary): CanaryRow | undefined {
  try {
    const { old: oldTally, fresh } = JSON.parse(counts) as { old: Tally; fresh: Tally };
    const known = STATES.find((each) => each === state);
    if (known === undefined || !isTally(oldTally) || !isTally(fresh)) return undefined;
    return {
      ...row,
      state: known,
      plan: JSON.parse(plan) as CanaryPlan,
      reason: reason === null ? null : (JSON.parse(reason) as CanaryReason),
      tallies: { old: oldTally, fresh },
    };
  } catch {
    return undefined;
  }
}

const STATES: readonly CanaryState[] = ["running", "promoted", "rolled-back", "replaced"];

function isTally(given: Tally): boolean {
  return Number.isSafeInteger(given.calls) && Number.isSafeInteger(given.failed) && given.times.every(Number.isSafeInteger);
}

/** How many revisions are remembered that had all calls of an app. */
const LIVES_KEPT = 20;

/** Must be called within the transaction that sets the targets of `live`: remembers a revision that gets all calls. */
export function noteLive({ queries: { traffic } }: Pick<CatalogParts, "queries">, app: string, targets: readonly Target[]): void {
  const [only, ...others] = targets;
  if (only === undefined || others.length > 0 || traffic.lives(app)[0]?.revision === only.revision.id) return;
  traffic.addLive(app, only.revision.id);
  traffic.pruneLives(app, LIVES_KEPT);
}

/**
 * The revision that a rollback goes to: the last one that had all calls, other than the one that has them all now. Undefined if there is none.
 * Later ones are forgotten by the time of the rollback, so that the next one goes further back.
 */
export function revisionBefore({ queries }: Pick<CatalogParts, "queries">, app: string): { at: number; revision: string } | undefined {
  const targets = queries.aliases.targets(app, LIVE);
  const now = targets.length === 1 ? targets[0]!.revision : undefined;
  return queries.traffic.lives(app).find(({ revision }) => revision !== now);
}
