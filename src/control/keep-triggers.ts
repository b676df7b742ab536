/**
 * Keeps the stored triggers of apps those of the revision that gets most calls of `live`.
 * 1. What was stored is taken over one app after the other, each in the order of its changes.
 * 2. Whoever has something to do for triggers that are there is told of an app's after each take-over, and at the start.
 * 3. A take-over that failed, or of which not everybody could be told, is tried again, until it is done or the server stops; one that a server has missed is made good at the
 *    next start.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import { type Catalog, LIVE } from "../store/catalog/catalog.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { triggersIn } from "./trigger-events.ts";

export interface KeepTriggersParts {
  catalog: Pick<Catalog, "live" | "triggered">;
  triggers: Pick<Triggers, "takeOver" | "takenOver">;
  events: EventStream;
  clock: Clock;
  /** Whether there is a file that may have triggers of apps. */
  haveFile: () => boolean;
  /** Called when the triggers of an app are others than before, and for each app that has some when the server starts. */
  onTaken: (app: string) => void;
  /** Told of apps whose triggers may be others than before. May be called again if it rejects. */
  applied: (app: string) => Promise<void>;
  /** Called when a take-over has failed. */
  onFailure: (app: string, error: unknown) => void;
}

export interface KeptTriggers {
  /** Takes over what the last server has not. */
  start(): Promise<void>;
  /** Resolves when all that was changed is taken over, or has failed once. */
  settled(): Promise<void>;
  close(): void;
}

const AGAIN_MS = 5_000;

export function keepTriggers({ catalog, triggers, events, clock, haveFile, onTaken, applied, onFailure }: KeepTriggersParts): KeptTriggers {
  const wanted = new Set<string>();
  /** Apps that have triggers, with the revisions that these are of. */
  const having = new Map<string, string>();
  /** Apps of whose triggers not everybody was told yet. */
  const untold = new Set<string>();
  let working: Promise<void> | null = null;
  let closed = false;

  function work(): Promise<void> {
    working ??= workThrough().finally(() => {
      working = null;
      if (wanted.size > 0 && !closed) void work();
    });
    return working;
  }

  async function workThrough(): Promise<void> {
    // What is added meanwhile is come to, too.
    for (const app of wanted) {
      if (closed) break;
      wanted.delete(app);
      try {
        await takeOver(app);
      } catch (error) {
        onFailure(app, error);
        clock.after(AGAIN_MS, () => want(app));
      }
    }
  }

  async function takeOver(app: string): Promise<void> {
    const [target] = catalog.live(app).toSorted((one, other) => other.weight - one.weight);
    const found = target === undefined ? [] : triggersIn(target.revision.manifest);
    // Most apps have none, and need no file for that.
    if (having.get(app) !== (found.length === 0 ? undefined : target!.revision.id)) {
      await triggers.takeOver(app, target?.revision.id ?? "", found);
      if (found.length > 0) having.set(app, target!.revision.id);
      else having.delete(app);
      untold.add(app);
    }
    if (untold.has(app)) await tell(app);
  }

  async function tell(app: string): Promise<void> {
    onTaken(app);
    await applied(app);
    untold.delete(app);
  }

  function want(app: string): void {
    if (closed) return;
    wanted.add(app);
    void work();
  }

  const end = events.listen({
    "app-deployed": ({ app }) => want(app),
    "canary-started": ({ app }) => want(app),
    "canary-ended": ({ app }) => want(app),
    "alias-pointed": ({ app, alias }) => {
      if (alias === LIVE) want(app);
    },
    "app-removed": ({ app }) => {
      having.delete(app);
      untold.delete(app);
    },
  });
  return {
    async start() {
      if (haveFile()) for (const { app, revision } of await triggers.takenOver()) having.set(app, revision);
      for (const app of having.keys()) untold.add(app);
      for (const app of [...having.keys(), ...catalog.triggered()]) wanted.add(app);
      await work();
    },
    settled: () => work(),
    close() {
      closed = true;
      end();
    },
  };
}
