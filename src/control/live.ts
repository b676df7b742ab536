/**
 * What those who watch the same are told every second: how many calls ended and how long they took, and which machines have changed.
 *
 * Owns: what was counted of the last WINDOW seconds, and the machines as they were told last.
 * 1. Only what the watchers see is counted and told, under the names that they know.
 * 2. It counts only while it is open: with nobody watching, calls cost nothing more.
 */
import type { Clock } from "../base/clock/clock.ts";
import { MACHINE_PHASES, type MachinePhase } from "../policy/machine-facts.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { addCounts, type Counts, noCounts, pointOf } from "../store/history/counts.ts";
import { hasFailed, waitedMs } from "../store/history/history.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { count } from "../traffic/tally.ts";
import type { Overview, ShownMachine } from "./overview.ts";
import { type Seen, sees, seesAll } from "./seen.ts";

export interface LiveParts {
  overview: Pick<Overview, "glance">;
  catalog: Pick<Catalog, "names">;
  events: Pick<EventStream, "listen">;
  clock: Pick<Clock, "now" | "wall">;
}

export interface Tick {
  /** Milliseconds since the epoch. */
  at: number;
  /** Calls that ended, and of these those that failed, per second: averages over the last seconds. */
  calls: number;
  failed: number;
  /** Milliseconds, of the last seconds; null: no call succeeded. */
  p50: number | null;
  p99: number | null;
  /** Calls that wait or run now. */
  inFlight: number;
  machines: Record<MachinePhase, number>;
  memoryBytes: number;
  /** CPUs that machines used over the last seconds. */
  cpus: number;
}

/** A machine as it is told: without its age, which changes all the time. */
interface LiveMachine extends Omit<ShownMachine, "ageMs"> {
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** What of a machine changes while it is an app's. */
type Moved = Pick<ShownMachine, "id" | "state" | "slots" | "memoryBytes" | "cpuUs">;

export interface MachineChanges {
  /** All machines follow: what was told before no longer counts. */
  whole: boolean;
  /** Machines that are new, or another app's. */
  changed: LiveMachine[];
  /** Those that were told of before: the rest of each is as it was. */
  moved: Moved[];
  /** Ids. */
  gone: string[];
}

/** Seconds over which calls and CPU are averaged. */
const WINDOW = 10;
/** So many machines are told of at most. */
const MOST_MACHINES = 2_000;
/** It is remembered of so many apps at most whether the watcher sees them. */
const MOST_REMEMBERED = 20_000;
const MB = 2 ** 20;

interface Second {
  /** The clock's time at its end. */
  end: number;
  counts: Counts;
  cpuUs: number;
}

export class LiveView {
  readonly #parts: LiveParts;
  readonly #seen: Seen;
  readonly #stop: () => void;
  readonly #begun: number;
  readonly #visible = new Map<string, boolean>();
  /** The newest last. */
  readonly #seconds: Second[] = [];
  #counting = noCounts();
  #told = new Map<string, { key: string; owner: string; machine: LiveMachine }>();

  constructor(parts: LiveParts, seen: Seen) {
    this.#parts = parts;
    this.#seen = seen;
    this.#begun = parts.clock.now();
    this.#stop = parts.events.listen({
      "invocation-ended": (event) => {
        if (!this.#sees(event.app)) return;
        if (event.outcome === "aborted") this.#counting.calls.calls += 1;
        else count(this.#counting.calls, hasFailed(event) ? null : waitedMs(event));
      },
    });
  }

  /** With the machines that have changed since the last call. */
  tick(): { tick: Tick; machines: MachineChanges | undefined } {
    const { clock, overview } = this.#parts;
    const { machines, inFlight } = overview.glance(this.#seen);
    const at = clock.wall();
    const { machines: changes, cpuUs } = this.#changes(machines, at);
    this.#seconds.push({ end: clock.now(), counts: this.#counting, cpuUs });
    this.#counting = noCounts();
    const oldest = this.#seconds.length > WINDOW ? this.#seconds.shift()!.end : this.#begun;
    const seconds = Math.max(0.001, (clock.now() - oldest) / 1_000);
    const sum = noCounts();
    for (const second of this.#seconds) {
      addCounts(sum, second.counts);
      sum.cpuUs += second.cpuUs;
    }
    const { calls, failed, p50, p99, cpus } = pointOf(sum, seconds);
    const byPhase = Object.fromEntries(MACHINE_PHASES.map((phase) => [phase, machines.filter(({ state }) => state === phase).length]));
    const memoryBytes = machines.reduce((bytes, machine) => bytes + machine.memoryBytes, 0);
    const tick = { at, calls, failed, p50, p99, inFlight, machines: byPhase as Tick["machines"], memoryBytes, cpus };
    return { tick, machines: changes };
  }

  /** All machines as of the last tick. */
  whole(): MachineChanges {
    return { whole: true, changed: [...this.#told.values()].map(({ machine }) => machine), moved: [], gone: [] };
  }

  close(): void {
    this.#stop();
  }

  /** Also how much CPU machines used since the last call; of one that was there before the first call, only what it used since then. */
  #changes(machines: readonly ShownMachine[], at: number): { machines: MachineChanges | undefined; cpuUs: number } {
    const before = this.#told;
    const isFirst = before.size === 0;
    this.#told = new Map();
    const [changed, moved]: [LiveMachine[], Moved[]] = [[], []];
    let cpuUs = 0;
    for (const { ageMs, ...machine } of machines.slice(0, MOST_MACHINES)) {
      const [key, owner] = [keyOf(machine), ownerOf(machine)];
      const known = before.get(machine.id);
      if (known !== undefined || !isFirst) cpuUs += Math.max(0, machine.cpuUs - (known?.machine.cpuUs ?? 0));
      const live = { ...machine, startedAt: known?.machine.startedAt ?? Math.round(at - ageMs) };
      this.#told.set(machine.id, { key, owner, machine: live });
      if (known?.owner !== owner) changed.push(live);
      else if (known.key !== key) moved.push(movedOf(machine));
    }
    const gone = [...before.keys()].filter((id) => !this.#told.has(id));
    const isNews = changed.length > 0 || moved.length > 0 || gone.length > 0;
    return { machines: isNews ? { whole: false, changed, moved, gone } : undefined, cpuUs };
  }

  #sees(app: string): boolean {
    if (seesAll(this.#seen)) return true;
    const known = this.#visible.get(app);
    if (known !== undefined) return known;
    const isSeen = sees(this.#parts.catalog.names, this.#seen, app);
    if (this.#visible.size >= MOST_REMEMBERED) this.#visible.clear();
    this.#visible.set(app, isSeen);
    return isSeen;
  }
}

/** Whether a machine has changed so that people would see it. */
function keyOf({ state, slots, memoryBytes }: Omit<ShownMachine, "ageMs">): string {
  return `${state} ${slots.used} ${slots.total} ${Math.round(memoryBytes / MB)}`;
}

/** What of a machine is told once. */
function ownerOf({ app, revision }: Omit<ShownMachine, "ageMs">): string {
  return `${app} ${revision}`;
}

function movedOf({ id, state, slots, memoryBytes, cpuUs }: Omit<ShownMachine, "ageMs">): Moved {
  return { id, state, slots, memoryBytes, cpuUs };
}
