/** What the dispatcher knows about a machine. */
import type { MachineEnd, MachineView } from "../fleet/fleet.ts";
import type { AppSnapshot } from "../machines/driver.ts";
import type { EventOfMachine, PlatformEvent } from "../telemetry/platform-event.ts";
import type { MachineId } from "../policy/policy.ts";
import type { MachineRow } from "./live-dispatcher.ts";
import type { LivePart } from "./live-revisions.ts";
import type { TraceContext } from "../wire/host-end.ts";
import type { LogLevel } from "../wire/protocol.ts";

/** The number of ended streams that are remembered for log lines that come late. A power of two. */
const REMEMBERED = 1_024;

/** What the log lines of a stream need to know about its invocation. */
export interface StreamOwner {
  /** The number of the stream in its machine; 0 before there is one. */
  readonly streamNumber: number;
  readonly id: string;
  readonly function: string;
  /** The trace that the invocation's function was given; absent of one that has ended. */
  readonly trace?: TraceContext;
  logged(level: LogLevel, text: string): void;
}

export class MachineRecord {
  readonly id: MachineId;
  readonly startAt: number;
  /** The app that needed the machine when it was started. Another app may get the machine. */
  readonly startedFor: string | null;
  app: string | null = null;
  /** The id of the part of a revision whose functions the machine was given, as the policy knows it; null before that. */
  part: string | null = null;
  /** The id of the revision whose code the machine was given; null before that. */
  revision: string | null = null;
  /** The number of that revision. */
  revisionNumber: number | null = null;
  /** The machine's name in `mayfly ps`. */
  name = "";
  /** The memory that the manifest of the machine's revision asks for. */
  memoryMb = 0;
  blankAt = 0;
  bindAt = 0;
  boundAt = 0;
  inFlight = 0;
  /** The number of invocations that the machine was given so far. */
  invocations = 0;
  draining = false;
  /** Mean delay of the machine's event loop, ms, as of its last report. */
  loopDelayMs = 0;
  /** The snapshot that the machine was started from; null if it was not. */
  snapshot: AppSnapshot | null = null;
  /** Whether the machine's app was removed. Another app of the same name may exist already, and nothing of this machine belongs to it. */
  orphaned = false;
  /** The invocations that run, by stream. */
  readonly #open = new Map<number, StreamOwner>();
  /** The functions of which an invocation has ended in the machine, so that their code is loaded. */
  readonly #loaded = new Set<string>();
  // What is known of the invocations that ended last, because log lines may come after an invocation's end. They are lists of numbers and texts: thousands of
  // invocations a second that are kept for a moment after their end would be copied by the garbage collector, whose work that would double.
  readonly #endedStreams: number[] = [];
  readonly #endedIds: string[] = [];
  readonly #endedFunctions: string[] = [];

  constructor(id: MachineId, startAt: number, startedFor: string | null = null) {
    this.id = id;
    this.startAt = startAt;
    this.startedFor = startedFor;
  }

  /** The machine is the part's: it is being bound, or comes up bound. */
  belongTo({ id: part, version: { app, id, number, manifest } }: Pick<LivePart, "id" | "version">, now: number): void {
    this.app = app;
    this.part = part;
    this.revision = id;
    this.revisionNumber = number;
    this.bindAt = now;
    this.memoryMb = manifest.memoryMb;
  }

  cameUp(what: "blank" | "bound", now: number): void {
    if (what === "blank") this.blankAt = now;
    else this.boundAt = now;
  }

  remember(invocation: StreamOwner): void {
    this.#open.set(invocation.streamNumber, invocation);
  }

  /** The machine has ended an invocation of the function by itself. */
  hasLoaded(name: string): void {
    this.#loaded.add(name);
  }

  /** Whether the machine may be loading the code of a function, and silent for that: its first invocation of the function has not ended. */
  get isLoading(): boolean {
    for (const { function: name } of this.#open.values()) if (!this.#loaded.has(name)) return true;
    return false;
  }

  /** The invocation is over. */
  forget(invocation: StreamOwner): void {
    const { streamNumber } = invocation;
    if (this.#open.get(streamNumber) !== invocation) return;
    this.#open.delete(streamNumber);
    const at = placeOf(streamNumber);
    this.#endedStreams[at] = streamNumber;
    this.#endedIds[at] = invocation.id;
    this.#endedFunctions[at] = invocation.function;
  }

  /** The invocation that a log line belongs to. It takes constant time, because a guest can send any number of lines for any stream. */
  invocationOn(stream: number): StreamOwner | undefined {
    const open = this.#open.get(stream);
    if (open !== undefined) return open;
    const at = placeOf(stream);
    if (this.#endedStreams[at] !== stream) return undefined;
    return { streamNumber: stream, id: this.#endedIds[at]!, function: this.#endedFunctions[at]!, logged: () => undefined };
  }

  /** The invocation that runs, if it is the only one. */
  get onlyInvocation(): StreamOwner | undefined {
    return this.#open.size === 1 ? this.#open.values().next().value : undefined;
  }

  cameUpEvent(what: "blank" | "bound", facts: EventOfMachine): PlatformEvent {
    const { app, revision } = this;
    const startMs = this.blankAt - this.startAt;
    if (what === "blank" || app === null || revision === null) return { type: "machine-blank", ...facts, startMs };
    return { type: "machine-bound", ...facts, app, revision, startMs, bindMs: this.boundAt - this.bindAt };
  }

  endedEvent({ reason, detail, output, asked }: MachineEnd, facts: EventOfMachine): PlatformEvent {
    return { type: "machine-ended", ...facts, exit: { reason, detail, output }, asked, appGone: this.orphaned };
  }

  row(view: MachineView, slots: number): MachineRow {
    const phase = view.phase === "bound" && this.draining ? "draining" : view.phase;
    return { ...view, phase, revisionNumber: this.revisionNumber, inFlight: this.inFlight, slots, loopDelayMs: this.loopDelayMs };
  }
}

/** Streams opened by the host have odd numbers. */
function placeOf(stream: number): number {
  return (stream >>> 1) & (REMEMBERED - 1);
}
