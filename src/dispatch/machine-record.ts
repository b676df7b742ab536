/** A machine as the dispatcher knows it. */
import type { MachineEnd, MachineView } from "../fleet/fleet.ts";
import type { PlatformEvent } from "../telemetry/platform-event.ts";
import type { MachineId } from "../policy/policy.ts";
import type { MachineRow } from "./live-dispatcher.ts";

/** Streams remembered for the log lines that come late. A power of two. */
const REMEMBERED = 1_024;

/** As much of an invocation as the log lines of its stream need. */
export interface StreamOwner {
  /** Of the stream in its machine; 0 before it has one. */
  readonly streamNumber: number;
  readonly id: string;
  readonly function: string;
}

export class MachineRecord {
  readonly id: MachineId;
  readonly startAt: number;
  /** The app whose need made it start; another may get it. */
  readonly startedFor: string | null;
  app: string | null = null;
  /** The id of the revision whose code it was given; null before. */
  revision: string | null = null;
  /** As `mayfly ps` shows it. */
  name = "";
  /** Memory that the manifest of its revision asks for. */
  memoryMb = 0;
  blankAt = 0;
  bindAt = 0;
  boundAt = 0;
  inFlight = 0;
  /** That it was given so far. */
  invocations = 0;
  draining = false;
  /** Its app is no more: another of the name may be there already, and nothing of this machine is that one's. */
  orphaned = false;
  /** What it runs, by stream. */
  readonly #open = new Map<number, StreamOwner>();
  /** The latest invocation on each of the last streams: log lines may come after the end. */
  readonly #streams: StreamOwner[] = [];

  constructor(id: MachineId, startAt: number, startedFor: string | null = null) {
    this.id = id;
    this.startAt = startAt;
    this.startedFor = startedFor;
  }

  cameUp(what: "blank" | "bound", now: number): void {
    if (what === "blank") this.blankAt = now;
    else this.boundAt = now;
  }

  remember(invocation: StreamOwner): void {
    this.#open.set(invocation.streamNumber, invocation);
    // Streams opened by the host are odd.
    this.#streams[(invocation.streamNumber >>> 1) & (REMEMBERED - 1)] = invocation;
  }

  /** It is over. */
  forget(invocation: StreamOwner): void {
    if (this.#open.get(invocation.streamNumber) === invocation) this.#open.delete(invocation.streamNumber);
  }

  /** Constant time, whatever the guest says: each of its log lines asks. */
  invocationOn(stream: number): StreamOwner | undefined {
    const open = this.#open.get(stream);
    if (open !== undefined) return open;
    const latest = this.#streams[(stream >>> 1) & (REMEMBERED - 1)];
    return latest?.streamNumber === stream ? latest : undefined;
  }

  cameUpEvent(what: "blank" | "bound", at: number): PlatformEvent {
    const { name: machine, app, revision } = this;
    const startMs = this.blankAt - this.startAt;
    if (what === "blank" || app === null || revision === null) return { type: "machine-blank", at, machine, startMs };
    return { type: "machine-bound", at, machine, app, revision, startMs, bindMs: this.boundAt - this.bindAt };
  }

  endedEvent({ reason, asked }: MachineEnd, at: number): PlatformEvent {
    const { name: machine, app, invocations } = this;
    return { type: "machine-ended", at, machine, app, reason, asked, invocations };
  }

  row(view: MachineView, slots: number): MachineRow {
    const phase = view.phase === "bound" && this.draining ? "draining" : view.phase;
    return { ...view, phase, inFlight: this.inFlight, slots };
  }
}
