/** A machine as the dispatcher knows it. */
import type { MachineView } from "../machines/fleet/fleet.ts";
import type { MachineId } from "../policy/policy.ts";
import type { Invocation } from "./invocation-run.ts";
import type { MachineRow } from "./live-dispatcher.ts";

/** Streams remembered for the log lines that come late. A power of two. */
const REMEMBERED = 1_024;

export class MachineRecord {
  readonly id: MachineId;
  readonly startAt: number;
  app: string | null = null;
  /** As `mayfly ps` shows it. */
  name = "";
  /** Of the version that it was bound to. */
  memoryMb = 0;
  blankAt = 0;
  bindAt = 0;
  boundAt = 0;
  inFlight = 0;
  /** That it was given so far. */
  invocations = 0;
  draining = false;
  /** The latest invocation on each of the last streams. */
  readonly #streams: Invocation[] = [];

  constructor(id: MachineId, startAt: number) {
    this.id = id;
    this.startAt = startAt;
  }

  cameUp(what: "blank" | "bound", now: number): void {
    if (what === "blank") this.blankAt = now;
    else this.boundAt = now;
  }

  remember(invocation: Invocation): void {
    // Streams opened by the host are odd.
    this.#streams[(invocation.streamNumber >>> 1) & (REMEMBERED - 1)] = invocation;
  }

  /** @param open where to look for one that runs for so long that it is no longer remembered */
  invocationOn(stream: number, open: Iterable<Invocation>): Invocation | undefined {
    const latest = this.#streams[(stream >>> 1) & (REMEMBERED - 1)];
    if (latest?.streamNumber === stream) return latest;
    for (const invocation of open) if (invocation.machine === this && invocation.streamNumber === stream) return invocation;
    return undefined;
  }

  row(view: MachineView, slots: number): MachineRow {
    return { ...view, state: this.#state(view), inFlight: this.inFlight, slots };
  }

  #state({ state }: MachineView): MachineRow["state"] {
    if (state === "queued") return "starting";
    return state === "bound" && this.draining ? "draining" : state;
  }
}
