/** What the dispatcher needs, and what it offers beside `dispatch`. */
import type { Version } from "../store/catalog/catalog.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { Fleet, MachineView } from "../fleet/fleet.ts";
import type { AppFacts } from "../policy/explain.ts";
import type { MachineFacts } from "../policy/machine-facts.ts";
import type { BoundPolicy } from "../policy/bind-policy.ts";
import type { LogLevel } from "../wire/protocol.ts";
import type { Accounts } from "../store/ledger/accounts.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Dispatcher } from "./invocation.ts";
import type { DecisionReason, RevisionFacts } from "./sentences.ts";

export interface DispatcherOptions {
  /** `bindPolicy(createPackingPolicy(…))`, or what `recordPolicy` makes of that. */
  policy: BoundPolicy;
  /** The policy's own account of itself. Without it, slots are shown as the manifest's ceiling. */
  insight?: PolicyInsight;
  fleet: Fleet;
  clock: Clock;
  /** The same as the fleet's: invocation ids begin with it. */
  bootId: string;
  logs: LogSink;
  /** What the version lacks without which no machine can be bound to it, as a clause; asked whenever an app is set. Default: nothing. */
  lacks?: (version: Version) => string | undefined;
  /** Told when an app gets machines, and when it has none any more: an app with a call in flight is one that was told of. */
  serving?: (app: string, serves: boolean) => void;
  /** Asked before each invocation, and told of it afterwards. Default: all are admitted. */
  accounts?: Accounts;
  /** Told what befalls invocations and machines. Default: nobody listens. */
  events?: EventStream;
  /** ms that a handler may go on after its time is up, before its machine gets no new work. Default 5,000. */
  graceMs?: number;
  /** ms in which a machine must answer a ping once one of its invocations is past its deadline. Default 2,000. */
  pingMs?: number;
}

export interface PolicyInsight {
  /** Invocations at once that a machine of the revision gets, as learned so far. */
  slotsOf(revision: string): number;
  /** Undefined if the policy knows no such revision. @param now ms, the clock of the policy */
  explain(revision: string, now: number): AppFacts | undefined;
}

export interface LogSink {
  append(line: LogLine): void;
}

export interface LogLine {
  app: string;
  function?: string;
  invocation?: string;
  machine?: string;
  level: LogLevel;
  text: string;
  /** Wall clock, ms since the epoch. */
  at: number;
}

/** A row of `mayfly ps`: all facts of a machine. */
export interface MachineRow extends Omit<MachineView, "phase">, MachineFacts {
  /** Invocations at once that the machine gets; 0 while it belongs to no app. */
  readonly slots: number;
}

export interface LiveDispatcher extends Dispatcher {
  /**
   * The app's calls go to these revisions from now on, in proportion to their weights. Machines of other revisions finish what they run and get no
   * more calls. A revision that was a target already keeps its machines; what it lacks is looked at anew.
   */
  point(app: string, targets: readonly ServedTarget[]): void;
  /** Work that comes from now on goes to machines bound from now on: they get the app's secrets as they are then. */
  renewApp(app: string): void;
  /** Its machines are killed. */
  removeApp(app: string): void;
  /** Their use is as of the last sample. */
  machines(): MachineRow[];
  explain(app: string): Explanation;
  /** Invocations that wait or run, of apps that have any. */
  inFlight(): [app: string, calls: number][];
  /** Reads every machine's use now, for machines() and the ledger. */
  sample(): void;
  /** Fails what waits, lets the rest finish for at most `graceMs`, then kills all machines: it closes the fleet, not the driver. Idempotent. */
  close(graceMs: number): Promise<number>;
}

/** A revision of an app that calls go to. */
export interface ServedTarget {
  readonly revision: Version;
  /** Above zero; only the proportion to the other targets counts. */
  readonly weight: number;
}

export type { RevisionFacts } from "./sentences.ts";

export interface Explanation {
  /** What the policy makes of the app now, in sentences. */
  now: string[];
  /** The same as data, for each revision that calls go to, the one with the largest weight first. Machines have the names that `mayfly ps` shows. */
  facts: RevisionFacts[];
  /** Why its machines were started, bound, drained and killed, the oldest first. */
  decisions: Decision[];
}

export interface Decision {
  /** Wall clock, ms since the epoch. */
  at: number;
  /** As `mayfly ps` names it. */
  machine: string;
  /** ready: it takes invocations from now on. lost: another app got it. end: by itself, nobody decided it. */
  what: "start" | "bind" | "ready" | "drain" | "kill" | "lost" | "end";
  /** With the numbers used then. */
  reason: DecisionReason;
  /** The same as a clause. */
  why: string;
  /** ms since its start. */
  ageMs: number;
  /** Invocations that it was given so far. */
  invocations: number;
}
