/** What an event waits for, as data. Pure. */
import type { ShownEvent } from "./store/look.ts";

export type WaitingFor =
  /** Its own time, or that of its next attempt: wall clock, ms. @property why of the last attempt; null: there was none */
  | { kind: "time"; at: number; why: string | null }
  /** An event of the same function with its order key. */
  | { kind: "predecessor"; event: string }
  /** Somebody has paused the function's events. */
  | { kind: "pause" }
  /** The function has as many running as its `concurrency` allows. */
  | { kind: "concurrency"; running: number; limit: number }
  /** The function's last events were refused, so that it is asked again only after a while. */
  | { kind: "rest"; ms: number }
  /** The function, or its tenant, has as many places as it gets of those that there are. */
  | { kind: "share"; running: number; all: number; most: number }
  /** Others of the function are before it. */
  | { kind: "turn" }
  /** It was handed to the dispatcher: it runs, or waits there for a machine. */
  | { kind: "run" };

/** What is known of a lane in memory. */
export interface LaneView {
  running: number;
  /** How many its performer allows. */
  limit: number;
  /** How long it rests, ms. */
  restMs: number;
  /** Whether it could begin something by its share of the places. */
  hasRoom: boolean;
  /** Events of all lanes that run, and how many may. */
  all: number;
  most: number;
}

export type WaitingEvent = Pick<ShownEvent, "state" | "dueAt" | "why"> & {
  /** The one that is before it by its order key. */
  before: string | null;
  /** Whether its lane is paused. */
  isPaused: boolean;
};

/** Null: it has ended. */
export function waitingFor({ state, dueAt, why, before, isPaused }: WaitingEvent, lane: LaneView): WaitingFor | null {
  if (state === "delayed") return { kind: "time", at: dueAt ?? 0, why };
  if (state === "held") return before === null ? { kind: "turn" } : { kind: "predecessor", event: before };
  if (state === "running") return { kind: "run" };
  if (state !== "waiting") return null;
  const { running, limit, restMs, hasRoom, all, most } = lane;
  if (isPaused) return { kind: "pause" };
  if (restMs > 0) return { kind: "rest", ms: restMs };
  if (running >= limit) return { kind: "concurrency", running, limit };
  return hasRoom ? { kind: "turn" } : { kind: "share", running, all, most };
}
