/**
 * What invocations were like that are over, for lists of an app's calls and for a call's own page. Bills, metrics and logs do not depend on it.
 *
 * Owns: what of this second is to be kept, and the file.
 * 1. When an invocation ends, its event is at most noted in memory: see window.ts. All else happens once a second, for a twentieth of the invocations at most, or
 *    FEW_ROWS if that is more, and never for more than MOST_ROWS.
 * 2. Tenants take turns in what is written, and apps in what their tenant gets; what failed or was slow comes first.
 * 3. There are at most `perApp` rows of an app for each reason to keep one, and `most` in all; the tenant that has most loses first. A row has less than 3 KB.
 * 4. Whoever reads sees what has ended before.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { inTurn } from "./in-turn.ts";
import { type KeptInvocation, keptOf } from "./kept-invocation.ts";
import { RowCounts } from "./row-counts.ts";
import type { InvocationTable } from "./table.ts";
import { type ChosenOfApp, Window, type WindowOptions } from "./window.ts";

export interface KeptInvocationsOptions extends WindowOptions {
  table: InvocationTable;
  events: Pick<EventStream, "listen">;
  clock: Pick<Clock, "after">;
  /** The id of the app's tenant. */
  tenantOf: (app: string) => string | undefined;
  /** Rows of an app for each reason to keep one. */
  perApp: number;
  /** Rows of all apps. */
  most: number;
  /** Called when something could not be stored, and not again until something was. */
  onFailure: (error: unknown) => void;
}

export interface InvocationFilter {
  /** `failed`: an error, a status of 500 or more, or the caller went away. Other words are outcomes. */
  outcome?: string | undefined;
  function?: string | undefined;
  /** Milliseconds from the arrival until the reply began. */
  slowerThan?: number | undefined;
  limit: number;
}

/** How it is chosen what is kept; null: nothing is kept. */
export type KeepRule = (WindowOptions & { perApp: number }) | null;

export interface Invocations {
  readonly rule: KeepRule;
  /** The newest first. */
  list(app: string, filter: InvocationFilter): KeptInvocation[];
  /** The attempts that are kept, the newest first. */
  attempts(app: string, invocation: string): KeptInvocation[];
  close(): void;
}

const PAUSE_MS = 1_000;
/** A row takes 10 to 16 µs of CPU to be made, written, and removed again: of a twentieth of the calls, that is less than 1 µs a call. */
const SHARE = 0.05;
/** Rows of a second, at most, and what may be written however few calls there were. */
const MOST_ROWS = 500;
const FEW_ROWS = 100;

export const keepNothing: Invocations = { rule: null, list: () => [], attempts: () => [], close() {} };

export function keepInvocations(options: KeptInvocationsOptions): Invocations {
  const { table, events, clock, perApp, perSecond, slowMs, most, onFailure } = options;
  const tenantOf = (app: string) => options.tenantOf(app) ?? "";
  const window = new Window({ perSecond, slowMs });
  const counts = new RowCounts({ perApp, most, tenantOf });
  for (const { app, keptAs, rows } of table.counts()) counts.add(app, keptAs, rows);
  let isFailing = false;
  let cancel: (() => void) | undefined;
  const tried = (work: () => void) => {
    try {
      work();
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFailure(error);
      isFailing = true;
    }
  };
  const write = () => {
    cancel?.();
    cancel = undefined;
    if (window.seen === 0) return;
    const mostRows = Math.min(MOST_ROWS, Math.max(FEW_ROWS, window.seen * SHARE));
    const rows = fairly(window.take(), tenantOf, mostRows);
    tried(() => {
      table.add(rows);
      for (const { app, kept } of rows) counts.add(app, kept.keptAs, 1);
      for (const { app, keptAs, rows: many } of counts.dropped(new Set(rows.map((row) => row.app)))) table.drop(app, keptAs, many);
    });
  };
  const stopListening = events.listen({
    "invocation-ended"(event) {
      if (event.appGone) return;
      window.add(event);
      cancel ??= clock.after(PAUSE_MS, write);
    },
    "app-removed"({ app }) {
      write();
      tried(() => table.removeApp(app));
      counts.removeApp(app);
    },
  });
  return {
    rule: { perSecond, slowMs, perApp },
    list(app, { limit, ...filter }) {
      write();
      return table
        .of(app)
        .filter((kept) => fits(kept, filter))
        .slice(0, limit);
    },
    attempts(app, invocation) {
      write();
      return table.attempts(app, invocation);
    },
    close() {
      stopListening();
      write();
    },
  };
}

/** Tenants take turns. What a tenant gets is first what failed or was slow, of its apps in turn, then the others. @returns in the order of time */
function fairly(
  chosen: ReadonlyMap<string, ChosenOfApp>,
  tenantOf: (app: string) => string,
  most: number,
): { app: string; kept: KeptInvocation }[] {
  const tenants = Map.groupBy(chosen, ([app]) => tenantOf(app));
  const ofTenants = [...tenants.values()].map((own) => {
    const bad = inTurn(
      own.map(([, of]) => of.bad),
      most,
    );
    return bad.concat(
      inTurn(
        own.map(([, of]) => of.sample),
        most,
      ),
    );
  });
  const rows = inTurn(ofTenants, most).map(({ event, keptAs }) => ({ app: event.app, kept: keptOf(event, keptAs) }));
  return rows.toSorted((one, other) => one.kept.at - other.kept.at);
}

function fits({ outcome, status, spans, function: name }: KeptInvocation, filter: Omit<InvocationFilter, "limit">): boolean {
  if (filter.function !== undefined && name !== filter.function) return false;
  const ms = spans.queue + spans.start + spans.bind + spans.run;
  if (filter.slowerThan !== undefined && ms <= filter.slowerThan) return false;
  if (filter.outcome === undefined) return true;
  return filter.outcome === "failed" ? outcome !== "replied" || status >= 500 : outcome === filter.outcome;
}
