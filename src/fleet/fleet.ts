/**
 * The fleet turns a driver's machines into live ones that speak the wire. Each is started, resumed, warmed and stopped as a blank, then
 * bound to an app, then killed. The fleet decides none of this: the dispatcher passes it the policy's commands. Only the stop of a bound
 * machine that has nothing to do is the fleet's own decision, and it is invisible outside: the machine is woken before anything is sent to
 * it.
 */
import type { LogLevel } from "../wire/protocol.ts";
import type { RequestHead, RequestSink, RequestStream, TraceContext } from "../wire/host-end.ts";
import type { Version } from "../store/catalog/catalog.ts";
import type { BoundCode, LambdaFunction } from "./bind-message.ts";
import type { MachineFacts, MachinePhase } from "../policy/machine-facts.ts";
import type { MachineId, MachineStats } from "../policy/policy.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { Egress } from "../egress/egress.ts";
import type { MachineKind } from "../base/kind/machine-kind.ts";
import type { AppSnapshot, Driver } from "../machines/driver.ts";
import type { MachineExit } from "../machines/exit.ts";
import type { UsageSink } from "../store/ledger/usage.ts";

export interface FleetOptions {
  driver: Driver;
  /**
   * Resolves when the driver has what machines of the kind start from. Called before each start. While it is pending, machines of other kinds start. By
   * default the driver is asked, and its progress is told to nobody.
   */
  prepare?: (kind: MachineKind) => Promise<void>;
  clock: Clock;
  /** [a-z0-9]{1,20}, unique for each start of Mayfly on this state folder: machine ids begin with it. */
  bootId: string;
  /** The revision's code. If it throws, or the reading of its parts does, the bind fails with the error's message. */
  code: (version: Version) => BoundCode;
  /** The values of the secrets that the revision's manifest names. If it throws, the bind fails with the error's message. */
  secrets: (version: Version) => Record<string, string>;
  /**
   * Makes an egress for each machine; null if the app has no network. If it throws, the bind fails with the error's message.
   * @param tell gets sentences for the app's log
   * @param calling the trace of the invocation that the machine works on; undefined: that is not known
   */
  egress: (version: Version, tell: (text: string) => void, calling: () => TraceContext | undefined) => Egress | null;
  /**
   * The certificate, as PEM, of an authority that the TLS of the revision's machines is to trust. Without it, or if it resolves with undefined, there is none. If it
   * rejects, the bind fails with the error's message.
   */
  authority?: (version: Version) => Promise<string | undefined>;
  /** What the code of functions is told that AWS Lambda's API has made, by their names in the manifest. Without it, there are none. */
  lambda?: (version: Version) => Record<string, LambdaFunction>;
  /** Makes an egress to the servers of the app's mounts, and to nothing else. Not needed where no app has mounts. */
  mountsEgress?: (version: Version) => Egress;
  /** Gets entries on the CPU and memory that machines used. */
  usage: UsageSink;
  /** Gets the bytes that a machine's channel carried since it was called last for the machine. @param app null: the machine belonged to none */
  carried?: (app: string | null, toMachine: number, fromMachine: number) => void;
  /** Writes to the server's own log what happened to a machine that belonged to no app. */
  report: (text: string) => void;
  /**
   * The most machines that are brought up at the same time; the others wait their turn. The clone of a snapshot has its turn until it runs; while its app's code
   * does what it does after the restore, only further clones of the app count it, and wait for it. Default 4.
   */
  concurrentStarts?: number;
  /** The most ms from the driver's start to Ready, and from the end of a rest to Ready. Default 60,000. */
  handshakeMs?: number;
  /** The most ms from bind() to Bound, and from the start of a snapshot's clone to Ready. Default 60,000. */
  bindMs?: number;
  /** ms between two samples of a machine's usage. Default 5,000. */
  sampleMs?: number;
  /** ms between two reports on a machine that has invocations. Default 1,000. */
  statsMs?: number;
  /** ms between two looks at whether a bound machine has anything to do. A machine that had nothing to do at both is stopped. Default 250. */
  napMs?: number;
  /** ms in which a machine that has been silent must answer a ping, beside what its driver allows. Default 2,000. */
  answerMs?: number;
}

/** Never called from inside a call to the fleet. After `gone` no event of that machine follows. */
export interface FleetEvents {
  blank(machine: MachineId): void;
  bound(machine: MachineId): void;
  /**
   * What a bound machine did since its last report, about a second ago. Reported only for machines that have invocations, or had some at
   * the last report.
   */
  stats(machine: MachineId, stats: MachineStats): void;
  /** @param cpu CPUs that a bound machine used on average while it had nothing to do */
  rested(machine: MachineId, cpu: number): void;
  /** A blank or bound machine that nobody asked to end will be gone soon, and takes no new work. */
  dying(machine: MachineId): void;
  /** Nothing of the machine is left. */
  gone(machine: MachineId, end: MachineEnd): void;
  /** The trace of the invocation that the machine works on; undefined if it works on none, or on several. */
  traceOf?(machine: MachineId): TraceContext | undefined;
  /** @param stream null for a line of which nothing tells whether it belongs to an invocation */
  log(machine: MachineId, stream: number | null, level: LogLevel, text: string): void;
}

export interface MachineEnd extends Pick<MachineExit, "reason" | "detail" | "code" | "signal" | "output"> {
  /** Whether kill() was called before the machine ended by itself. */
  asked: boolean;
  /** Whether the machine failed to become what it was about to be, a blank or bound, without being asked to end. */
  failed: boolean;
}

/** What the fleet knows about a machine. The dispatcher knows whether the machine drains and what holds its slots. */
export interface MachineView extends Omit<MachineFacts, "inFlight"> {
  readonly kind: MachineKind;
  /** The driver's id of the machine, which users see. */
  readonly name: string;
  readonly driver: string;
  readonly phase: FleetPhase;
  readonly app: string | null;
  /** Bytes, as of the last sample. */
  readonly memoryBytes: number;
  /** Microseconds, as of the last sample. */
  readonly cpuUs: number;
  readonly ageMs: number;
  /** Whether the machine is stopped because it has nothing to do. */
  readonly asleep: boolean;
}

export type FleetPhase = Exclude<MachinePhase, "draining">;

export interface StartOrder {
  kind: MachineKind;
  urgent: boolean;
  /** If present, the machine comes up bound to the revision, as a clone of its snapshot. */
  restores?: { version: Version; snapshot: AppSnapshot };
}

export interface Fleet {
  /** Must be called once, before anything else. */
  attach(events: FleetEvents): void;
  /** `urgent` means that an invocation waits for the machine. Such a blank is not stopped, so that it can be bound at once. */
  start(machine: MachineId, order: StartOrder): void;
  /** An invocation waits by now for a machine that was started without `urgent`: from here on it comes up as if it had been. */
  hasten(machine: MachineId): void;
  /** The blank of the kind that rests longest is likely to be bound within `ms`: it is resumed now, and rests again if it is not bound. For a moment, machines that nobody waits for are not started. */
  rouse(kind: MachineKind, ms: number): void;
  /** Only a blank can be bound. */
  bind(machine: MachineId, version: Version): void;
  /** Only for a bound machine. Returns undefined if the machine is dying; then nothing was sent. */
  request(machine: MachineId, head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream | undefined;
  /** Ends the machine at once; `gone` follows. Further calls do nothing. @param why a clause, which becomes the detail of the machine's end */
  kill(machine: MachineId, why: string): void;
  /**
   * Pings the machine, and kills it if no answer comes within `boundMs` and the time that its driver allows beyond.
   * @param blocked returns a clause on what keeps the machine from answering
   */
  checkAlive(machine: MachineId, boundMs: number, blocked: () => string): void;
  /** Reads every machine's use of CPU and memory now. The fleet also does so by itself every few seconds. */
  sample(): void;
  view(machine: MachineId): MachineView | undefined;
  /** Kills all machines. Resolves when nothing is left. The driver stays open: its creator closes it. */
  close(): Promise<void>;
}
