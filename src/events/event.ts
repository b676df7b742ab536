/** What an event is, as data. An event is a durable invocation: it was accepted, and is kept until a function has handled it or it is given up. */
import type { TraceContext } from "../wire/host-end.ts";

/**
 * Where events go, one after the other or many at once: in most cases one function. Events of different lanes never wait for each other.
 */
export interface Lane {
  /** Who carries the events of the lane out: the name of a performer. */
  performer: string;
  /** The app's id. */
  app: string;
  /** What of the app it is, for the performer: the name of a function, for example. */
  target: string;
}

/** What an event came from, for people who look at it. */
export interface EventSource {
  kind: "call" | "lambda" | "schedule" | "queue" | "object" | "kv" | "webhook" | "bus" | "destination" | "redrive";
  /** Which one, such as the name of the schedule. */
  name?: string;
}

export interface NewEvent {
  lane: Lane;
  /** Shown to callers and in logs; the same for all attempts. */
  id: string;
  payload: Uint8Array;
  /** What the performer needs besides, of what JSON can hold. */
  about: unknown;
  source: EventSource;
  trace: TraceContext;
  /** Further traces that caused it: the span of its acceptance is linked to theirs. */
  links?: readonly TraceContext[];
  /** Wall clock, ms since the epoch; not before that it is run. Absent: at once. */
  dueAt?: number;
  /** Of two events of a lane with the same key, the second is not stored: who sends it again gets the id of the first. */
  idempotencyKey?: string;
  /** Events of a lane with the same key run one after the other, in the order in which they were accepted. */
  orderKey?: string;
  /** −100 to 100; of the events of a lane that may run, those with the highest run first. Default: 0. */
  priority?: number;
  retry: RetryRule;
  /** Where the results go. */
  onSuccess?: Destination;
  onFailure?: Destination;
}

export interface RetryRule {
  /** How often the function may fail before the event is given up, counting the first attempt. */
  attempts: number;
  /** Milliseconds from its acceptance, or from `dueAt`, after which no further attempt begins. */
  maxAgeMs: number;
  /** Milliseconds between the first failure and the next attempt; doubled after each failure, up to `mostWaitMs`, and spread by chance. */
  waitMs: number;
  mostWaitMs: number;
}

/** A destination is a lane of its own, so that its results are as durable as the events. */
export interface Destination {
  lane: Lane;
  about: unknown;
}

export interface Accepted {
  id: string;
  /** False if an event with this idempotency key had been accepted before; `id` is its id then. */
  isNew: boolean;
}

/** An event that is to be carried out now. */
export interface ClaimedEvent {
  seq: number;
  id: string;
  payload: Uint8Array;
  about: unknown;
  source: EventSource;
  trace: TraceContext;
  acceptedAt: number;
  /** Wall clock, ms, after which no further attempt begins. */
  expiresAt: number;
  /** How often the function has failed. */
  failures: number;
  /** How often in a row the event was not run, though it was due. */
  refusals: number;
  retry: RetryRule;
  onSuccess: Destination | undefined;
  onFailure: Destination | undefined;
}

/** `waiting`: due, or nearly; `delayed`: until its time; `held`: behind another event with its order key; `running`. */
export type EventState = "waiting" | "delayed" | "held" | "running";
/** How an event ended: `dead` means that it is among the dead letters. */
export type EventEnd = "succeeded" | "dead" | "cancelled";
