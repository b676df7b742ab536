/** For tests of what the policy learns: a world in which time passes. */
import { World, type WorldMachine } from "./packing-world.ts";
import type { AppLimits } from "../policy.ts";
import { USUAL } from "./kinds.ts";

const OPTIONS = {
  blanks: 1,
  idleMs: null,
  maxMachines: 100,
  maxMemoryMb: 1e6,
  maxVcpus: 1e6,
  startsPerSecond: 1e6,
  usual: USUAL,
  waitWorth: 20,
  cpuWorth: 9,
};
export const LIMITS: AppLimits = {
  concurrency: 10,
  maxMachines: 50,
  queue: 1_000,
  kind: USUAL,
  minMachines: 0,
  reservedBlanks: 0,
  waitWorth: null,
};

/** Sends a report on a machine. @param cpu CPUs that it used */
export function tell(world: World, machine: WorldMachine, cpu: number): void {
  world.send({ type: "stats", machine: machine.id, stats: { cpu, memoryBytes: 5e7, loopDelayMs: 0 } });
}

/** A world with these revisions, one second after its beginning. */
export function worldOf(
  revisions: Record<string, Partial<AppLimits>>,
  options: Partial<typeof OPTIONS & { hostCpus: number }> = {},
): World {
  const world = new World({ ...OPTIONS, ...options });
  for (const [name, limits] of Object.entries(revisions)) world.setApp(name, { ...LIMITS, ...limits });
  world.send({ type: "tick" });
  live(world, 1_000);
  return world;
}

/** How long machines take to come up, ms. */
export interface Pace {
  startMs: number;
  bindMs: number;
}

/**
 * Lets time pass, in which machines come up at the pace, and killed machines end at once.
 * @param look is called at first, and after each event
 */
export function live(world: World, ms: number, pace: Pace = { startMs: 200, bindMs: 30 }, look: () => void = () => {}): void {
  const end = world.now + ms;
  const happens = (what: () => void): void => {
    what();
    look();
  };
  look();
  for (;;) {
    for (const machine of world.inPhase("ending")) happens(() => world.exit(machine));
    const coming = world.inPhase("starting", "binding");
    const next = Math.min(end, world.wakeAt ?? Infinity, ...coming.map((machine) => dueAt(world, machine, pace)));
    happens(() => world.advance(Math.max(0, next - world.now)));
    for (const machine of coming)
      if (world.inPhase("starting", "binding").includes(machine) && dueAt(world, machine, pace) <= world.now)
        happens(() => world.comeUp(machine));
    if (world.now >= end) return;
  }
}

function dueAt(world: World, { id, phase }: WorldMachine, { startMs, bindMs }: Pace): number {
  const since = world.state.machines[id]?.since ?? 0;
  return since + (phase === "starting" ? startMs : bindMs);
}
