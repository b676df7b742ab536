/**
 * Watches the canaries: counts what the calls of the new and the old revision are like, and promotes a canary or rolls it back, as src/traffic/canary.ts says.
 *
 * Owns: the tallies of the canaries that run, by app.
 * 1. The catalog says which canaries run. What is counted here is written there every few seconds, so that another server goes on with it: kill -9 loses the
 *    counts of these seconds, and nothing else, because a canary's time goes by the wall clock.
 * 2. A verdict is one transaction: `live`, and what became of the canary.
 * 3. A canary that somebody else ends, by moving `live`, is over at once. Whoever ends it, its end is told here, once.
 */
import { MayflyError } from "../base/errors/error.ts";
import { errorTable } from "../base/errors/table.ts";
import type { Clock } from "../base/clock/clock.ts";
import { type CanaryRow, type Catalog, LIVE } from "../store/catalog/catalog.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { CanaryEnded, InvocationEnded } from "../telemetry/platform-event.ts";
import { type CanaryReason, verdictOn } from "../traffic/canary.ts";
import { count } from "../traffic/tally.ts";
import { reasonInWords } from "../traffic/words.ts";
import { percent } from "../base/words/percent.ts";
import { pointLive } from "./point.ts";
import type { Serving } from "./serving.ts";

export interface CanaryParts {
  catalog: Pick<Catalog, "point" | "runningCanaries" | "runningCanary" | "canaryOf" | "countCanary" | "secretNames" | "secrets">;
  serving: Pick<Serving, "check" | "pointed" | "restored">;
  events: EventStream;
  clock: Pick<Clock, "now" | "wall" | "every">;
  /** Writes to the server's log and to the app's. @param isBad whether somebody should look */
  say: (app: string, text: string, isBad: boolean) => void;
  /** Called, at most once a minute, if a verdict cannot be carried out. It is tried again. */
  failed: (app: string, error: unknown) => void;
}

interface Watched {
  row: CanaryRow;
  /** Whether calls were counted since the tallies were stored. */
  isNews: boolean;
  failedAt: number;
}

const LOOK_MS = 1_000;
const STORE_MS = 5_000;
const REPORT_EVERY_MS = 60_000;

/** Returns what ends the watch; what was counted until then is stored. */
export function watchCanaries(parts: CanaryParts): () => void {
  const { catalog, events, clock } = parts;
  const watched = new Map<string, Watched>();
  for (const row of catalog.runningCanaries()) watched.set(row.app, { row, isNews: false, failedAt: -Infinity });
  const moved = ({ app }: { app: string }) => lookAgain(parts, watched, app);
  const ends = [
    events.listen({
      "invocation-ended": (event) => note(watched.get(event.app), event),
      "canary-started": ({ app }) => begun(parts, watched, app),
      "app-deployed": moved,
      "alias-pointed": moved,
      "app-removed": ({ app }) => void watched.delete(app),
    }),
    clock.every(LOOK_MS, () => decideAll(parts, watched)),
    clock.every(STORE_MS, () => storeAll(parts, watched)),
  ];
  return () => {
    for (const end of ends) end();
    storeAll(parts, watched);
  };
}

/** Failures of calls for which neither revision can be blamed. */
const nobodys: ReadonlySet<string> = new Set(["aborted", "shutting-down", "limit-reached"]);

function note(canary: Watched | undefined, { revision, branch, outcome, status, spans }: InvocationEnded): void {
  if (canary === undefined || branch !== null || nobodys.has(outcome)) return;
  const { tallies, old } = canary.row;
  const tally = revision === canary.row.revision ? tallies.fresh : revision === old ? tallies.old : undefined;
  if (tally === undefined) return;
  count(tally, isFailure(outcome, status) ? null : spans.run);
  canary.isNews = true;
}

/** A function that only one of the revisions has is missing in the other: its callers are as badly off as those of one that throws. */
function isFailure(outcome: InvocationEnded["outcome"], status: number): boolean {
  if (outcome === "replied") return status >= 500;
  return outcome !== "aborted" && (errorTable[outcome].status >= 500 || outcome === "queue-full" || outcome === "no-such-function");
}

/** A deploy has started a canary, maybe in place of another, which may have been of the same revision. */
function begun(parts: CanaryParts, watched: Map<string, Watched>, app: string): void {
  const known = watched.get(app);
  const row = parts.catalog.runningCanary(app);
  watched.delete(app);
  if (row !== undefined) watched.set(app, { row, isNews: false, failedAt: -Infinity });
  if (known !== undefined) {
    // The tallies of the one before are not those of this one.
    if (known.row.revision === row?.revision) known.isNews = false;
    tellEnd(parts, known, "replaced", { kind: "deploy" });
  }
  if (row !== undefined) parts.say(app, beginningInWords(row), false);
}

/** Somebody has moved `live`: a canary may have ended. */
function lookAgain(parts: CanaryParts, watched: Map<string, Watched>, app: string): void {
  const known = watched.get(app);
  if (known === undefined || parts.catalog.runningCanary(app) !== undefined) return;
  watched.delete(app);
  // Undefined if its revision was removed at once, because nothing names it any more.
  const ended = parts.catalog.canaryOf(known.row.revision);
  tellEnd(parts, known, ended?.state ?? "replaced", ended?.reason ?? { kind: "by-hand" });
}

function decideAll(parts: CanaryParts, watched: Map<string, Watched>): void {
  for (const [app, canary] of watched) {
    const { row } = canary;
    const { plan, startedAt, tallies } = row;
    const verdict = verdictOn({ plan, startedAt, ...tallies }, parts.clock.wall());
    if (verdict.what === "wait") continue;
    try {
      end(parts, watched, canary, verdict.what === "promote" ? row.revision : row.old, verdict.reason);
    } catch (error) {
      const now = parts.clock.now();
      if (now - canary.failedAt < REPORT_EVERY_MS) continue;
      canary.failedAt = now;
      parts.failed(app, error);
    }
  }
}

function end(parts: CanaryParts, watched: Map<string, Watched>, canary: Watched, revision: string, reason: CanaryReason): void {
  const { app } = canary.row;
  store(parts, canary);
  pointLive(parts, app, (take) => {
    const targets = parts.catalog.point(app, LIVE, [{ revision, weight: 1 }], take, { why: reason });
    // Before the listener hears of the change, because it would tell of the end, too.
    watched.delete(app);
    return targets;
  });
  tellEnd(parts, canary, revision === canary.row.revision ? "promoted" : "rolled-back", reason);
}

function tellEnd(parts: CanaryParts, canary: Watched, state: CanaryRow["state"], reason: CanaryReason): void {
  const { revision, number, app, old, oldNumber } = canary.row;
  const outcome = state === "running" ? "replaced" : state;
  // What was counted since the last time.
  store(parts, canary);
  const event: CanaryEnded = {
    type: "canary-ended",
    at: parts.clock.wall(),
    app,
    revision,
    number,
    oldRevision: old,
    oldNumber,
    outcome,
    reason,
  };
  parts.events.tell(event);
  parts.say(app, endInWords(canary.row, outcome, reason), outcome === "rolled-back");
}

function beginningInWords({ number, oldNumber, share }: CanaryRow): string {
  return `Revision ${number} is a canary: it gets ${percent(share)} of the calls, and revision ${oldNumber} the others.`;
}

function endInWords({ number, oldNumber, share }: CanaryRow, outcome: CanaryEnded["outcome"], reason: CanaryReason): string {
  const why = reasonInWords(reason);
  if (outcome === "promoted") return `The canary of revision ${number} is promoted: all calls go to it now. ${capital(why)}.`;
  if (outcome === "rolled-back")
    return `The canary of revision ${number} is rolled back: all calls go to revision ${oldNumber} again. ${capital(why)}.`;
  return `The canary of revision ${number}, which got ${percent(share)} of the calls, has ended: ${why}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function storeAll(parts: CanaryParts, watched: Map<string, Watched>): void {
  for (const canary of watched.values()) store(parts, canary);
}

/** A disk that takes nothing now may take it the next time; until then a restart would go on with older counts. */
function store({ catalog, failed }: CanaryParts, canary: Watched): void {
  if (!canary.isNews) return;
  try {
    catalog.countCanary(canary.row.revision, canary.row.tallies);
    canary.isNews = false;
  } catch (error) {
    if (!(error instanceof MayflyError)) failed(canary.row.app, error);
  }
}
