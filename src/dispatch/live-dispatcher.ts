/** What the dispatcher needs, and what it offers besides `dispatch`. */
import type { Version } from "../store/catalog/catalog.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { MachineKind } from "../base/kind/machine-kind.ts";
import type { Fleet, MachineView } from "../fleet/fleet.ts";
import type { SnapshotKeeper } from "../fleet/snapshots/snapshot-keeper.ts";
import type { AppFacts } from "../policy/explain.ts";
import type { MachineFacts } from "../policy/machine-facts.ts";
import type { BoundPolicy } from "../policy/bind-policy.ts";
import type { TenantShare } from "../policy/policy.ts";
import type { LogLevel } from "../wire/protocol.ts";
import type { Accounts } from "../store/ledger/accounts.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import type { Dispatcher } from "./invocation.ts";
import type { KindBook } from "./kind-book.ts";
import type { DecisionReason, RevisionFacts } from "./sentences.ts";
import type { StickyRuns } from "./split.ts";

export interface DispatcherOptions {
  /** `bindPolicy(createPackingPolicy(…))`. */
  policy: BoundPolicy;
  /** What the policy knows about each revision. Without it, slots are shown as the manifest's ceiling. */
  insight?: PolicyInsight;
  fleet: Fleet;
  /** The snapshots of revisions that ask for one. Absent if this host's machines cannot be frozen. */
  snapshots?: SnapshotKeeper | undefined;
  /** The kinds of machines that apps choose. The default is the book of a host where Linux is the usual kernel. */
  kinds?: KindBook;
  clock: Clock;
  /** The same as the fleet's. Invocation ids begin with it. */
  bootId: string;
  logs: LogSink;
  /**
   * What the revision lacks without which no machine can be bound to it, as a clause. Called whenever an app's calls are pointed somewhere.
   * The default is that nothing is lacking.
   */
  lacks?: (version: Version) => string | undefined;
  /** Called when an app gets its first machine, and when it has none any more. Every app with a call in flight has been reported. */
  serving?: (app: string, serves: boolean) => void;
  /** What all apps of the app's tenant may have together. Asked whenever the policy is told of the app. The default is that no app has a tenant. */
  shareOf?: (app: string) => TenantShare | undefined;
  /** Asked before each invocation. The default admits all. */
  accounts?: Accounts;
  /** Makes the spans of invocations. Without it, functions get traces as they come. */
  tracing?: Pick<Tracing, "begin"> | undefined;
  /** Receives what happens to invocations and machines. The default has no listeners. */
  events?: EventStream;
  /** Milliseconds that a handler may go on after its time is up, before its machine gets no new work. Default 5,000. */
  graceMs?: number;
  /** How long the connections of a machine that gets no new work may go on, in milliseconds: they are ended one after the other. Default: 10,000. */
  drainMs?: number;
  /** Milliseconds within which a machine must answer a ping once one of its invocations is past its deadline. Default 2,000. */
  pingMs?: number;
  /** Milliseconds more for both while a machine may be loading code: until its first invocation of a function has ended. Default 10,000. */
  loadMs?: number;
}

export interface PolicyInsight {
  /** The number of invocations that a machine of the revision gets at the same time, as learned so far. */
  slotsOf(revision: string): number;
  /**
   * Since when (ms) the revision has had no call, if it has no machines and the policy will start none for it before it is called again. Undefined
   * otherwise. @param now ms, the clock of the policy
   */
  restsSince(revision: string, now: number): number | undefined;
  /** Undefined if the policy knows no such revision. @param now ms, the clock of the policy */
  explain(revision: string, now: number): AppFacts | undefined;
}

export interface LogSink {
  /** @param traceparent of the invocation, while it is under way */
  append(line: LogLine, traceparent?: string): void;
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
  readonly kind: MachineKind;
  /** The number of the revision whose code the machine was given; null before that. */
  readonly revisionNumber: number | null;
  /** How many invocations the machine gets at the same time; 0 while it belongs to no app. */
  readonly slots: number;
  /** Mean delay of the machine's event loop, ms, as the guest reported it last while it had invocations; 0: it had none yet. */
  readonly loopDelayMs: number;
}

/** A call that is known to come. */
export interface ExpectedCall {
  app: string;
  function: string;
}

export interface LiveDispatcher extends Dispatcher {
  /** The call comes in `inMs`, so that a machine may be there for it. The app must be served; of functions that keep tenants apart, nothing is known. */
  expect(call: ExpectedCall, inMs: number): void;
  /** The app is about to be deployed again and called, within `ms`: a blank of the kind that it has is resumed. */
  rouse(app: string, ms: number): void;
  /**
   * Sends the app's calls to these revisions from now on, in proportion to their weights. Machines of other revisions finish what they run
   * and get no more calls. A revision that was a target already keeps its machines; `lacks` is asked again for all of them.
   * @param more what else is served of the app; by default nothing
   */
  point(app: string, targets: readonly ServedTarget[], more?: ServedBeside): void;
  /** Whether nobody has called the revision for `idleMs`, and it has no machine and expects none. */
  isResting(app: string, revision: string, idleMs: number): boolean;
  /** Whether the app's calls may give the name. */
  isPinned(app: string, pin: string): boolean;
  /**
   * Lets the app's calls give a name that stands for one revision, besides `live` and the branches. It has machines of its own, also where something else names the
   * same revision. The app must be served; of an app that came to rest, it must be pinned again.
   * @param reserved how many of them are kept bound, at least; by default none
   */
  pin(app: string, pin: string, revision: Version, reserved?: number): void;
  /** How many machines are bound to the revision that the name stands for. */
  boundTo(app: string, pin: string): number;
  /** Unpins the names of the app that have no machine, none reserved, and were last given at least `idleMs` ago. */
  unpinIdle(app: string, idleMs: number): void;
  /** From now on, the app's calls go to machines that are bound after this call, so that they get the app's secrets as they are then. */
  renewApp(app: string): void;
  /** What the tenant of the app may have has changed. */
  shareChanged(app: string): void;
  /**
   * Forgets where the app's calls go until the next point(), if nothing of the app is under way or planned and its last call was at least `idleMs` ago.
   * What the policy learned of the app and how its calls are split stay: after point() the app goes on as if nothing had been forgotten. Returns whether
   * it was forgotten.
   */
  rest(app: string, idleMs: number): boolean;
  /** Kills the app's machines. An app that rests is forgotten completely. */
  removeApp(app: string): void;
  /** Usage is as of the last sample. */
  machines(): MachineRow[];
  explain(app: string): Explanation;
  /**
   * Why the machine of this name was started, bound, drained and killed, oldest first; also of machines that are gone, for as long as it is remembered.
   * @param sees whether decisions about the app are seen; null: those about machines of no app
   */
  explainMachine(name: string, sees: (app: string | null) => boolean): Decision[];
  /** The invocations that wait or run, by app. */
  inFlight(): [app: string, calls: number][];
  /** Reads every machine's use now, for machines() and the ledger. */
  sample(): void;
  /**
   * Fails what waits, lets the rest finish for at most `graceMs`, then kills all machines and closes the fleet, but not the driver. Returns
   * how many calls were cut off. Further calls return the same promise.
   */
  close(graceMs: number): Promise<number>;
}

/** A revision of an app that calls go to. */
export interface ServedTarget {
  readonly revision: Version;
  /** Above zero. The revision gets the share of calls that its weight has in the sum of all weights. */
  readonly weight: number;
  /** How many machines are kept bound to the revision, at least; absent: none. */
  readonly reserved?: number;
}

/** What is served of an app beside the calls of `live`. */
export interface ServedBeside {
  /** Which callers of `live` go to which revision; absent: any to any. */
  readonly sticky?: StickyRuns | undefined;
  readonly branches?: readonly Branch[];
}

/** Where the calls go that name a branch: an alias other than `live`, or a revision. */
export interface Branch {
  /** What calls name, in their field `branch`. */
  readonly name: string;
  readonly targets: readonly ServedTarget[];
  readonly sticky?: StickyRuns | undefined;
}

export type { RevisionFacts } from "./sentences.ts";

export interface Explanation {
  /** What the policy knows of the app now, as sentences. */
  now: string[];
  /** The facts behind these sentences, for each revision that calls go to, the one with the largest weight first. Machines have the names that `mayfly ps` shows. */
  facts: RevisionFacts[];
  /** Why the app's machines were started, bound, drained and killed, the oldest first. */
  decisions: Decision[];
}

export interface Decision {
  /** Wall clock, ms since the epoch. */
  at: number;
  /** The name of the machine in `mayfly ps`. */
  machine: string;
  /** "ready": the machine takes invocations from now on. "lost": another app got it. "end": it ended without the policy's command. */
  what: "start" | "bind" | "ready" | "drain" | "kill" | "lost" | "end";
  /** The kind of the machine; only the decision to start a machine has it. */
  kind?: Omit<MachineKind, "key">;
  /** The reason, with the numbers that were used for the decision. */
  reason: DecisionReason;
  /** The reason as a clause. */
  why: string;
  /** Milliseconds since the machine's start. */
  ageMs: number;
  /** The number of invocations that the machine was given so far. */
  invocations: number;
}
