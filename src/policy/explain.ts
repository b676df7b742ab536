/** What the policy makes of an app now, as a record with the numbers that it goes by. Sentences are made of it in `src/dispatch/sentences.ts`. */
import { planFrom } from "./core/idle.ts";
import type { IdlePlan } from "./rules/keep-alive.ts";
import { machinesOf, type AppState, type MachineEntry, type PackingState } from "./core/packing-state.ts";
import { expected, margin } from "./rules/demand.ts";
import type { MachineId } from "./policy.ts";
import { worthOfSpare } from "./core/spares.ts";
import { NEVER } from "./core/timers.ts";
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "./core/costs.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface AppFacts<Machine = MachineId> {
  inFlight: number;
  waiting: number;
  /** Machines that take its work, and machines that are being bound. */
  bound: number;
  binding: number;
  /** Invocations at once on each of its machines; `ceiling` is the manifest's `concurrency`. */
  slots: number;
  ceiling: number;
  minMachines: number;
  /** null: the setting `idleMs` is set, and nothing is learned. */
  learned: LearnedFacts | null;
  machines: MachineFacts<Machine>[];
}

export interface LearnedFacts {
  /** Share of its time in flight that an invocation keeps the event loop busy; null: not known. */
  busyShare: number | null;
  /** Demand one start-up time ahead: expected, provided beyond that, and the machines for both. */
  demand: { aheadMs: number; expected: number; margin: number; machines: number };
  costs: {
    memoryGb: number;
    /** CPUs that a machine uses with nothing to do; null: not known. */
    idleCpu: number | null;
    /** Of a second of holding a machine. */
    hold: number;
    start: number;
    /** Of a start that a caller waits for, for `waitMs`, at `waitWorth` a second. */
    startWithWait: number;
    waitMs: number;
    waitWorth: number;
    /** How long holding costs no more than such a start; null: for ever. */
    breakEvenMs: number | null;
  };
  idle: {
    /** How often the app fell idle so far. */
    times: number;
    /** ms since it fell idle until which the last machine is held; null: for ever. */
    holdMs: number | null;
    /** Expected of one idle time, and what other plans would cost; null: too few idle times to learn from. */
    costs: { plan: number; none: number; holding: number } | null;
    /** ms since it fell idle at which a machine is started, and until which that one is held; null: none before a call. */
    start: { atMs: number; untilMs: number } | null;
    /** The plan says to hold the last machine for some time from now on. */
    holds: boolean;
  };
}

export interface MachineFacts<Machine = MachineId> {
  machine: Machine;
  phase: "binding" | "bound" | "draining";
  inFlight: number;
  /** Since its phase began. */
  phaseMs: number;
  /** null: it has work. */
  idleMs: number | null;
  /** It is kept for the app's `minMachines`. */
  keptForMinimum: boolean;
  /** When the policy next looks whether it is to be kept; null: no time is set. */
  nextLookMs: number | null;
}

/** Undefined where there is no such app. Changes nothing. */
export function explainApp(state: PackingState, name: string, now: number): AppFacts | undefined {
  const app = state.apps.get(name);
  if (app === undefined) return undefined;
  const { demand, waiting, bound, binding, slots, limits } = app;
  return {
    inFlight: demand.load - waiting,
    waiting,
    bound,
    binding,
    slots,
    ceiling: limits.concurrency,
    minMachines: limits.minMachines,
    learned: state.options.idleMs === null ? learnedOf(state, app, now) : null,
    machines: machinesOf(state, app).map((machine) => factsOf(state, app, machine, now)),
  };
}

/** Slots that each machine of the app has now; 0 where there is no such app. */
export function slotsOf(state: PackingState, name: string): number {
  return state.apps.get(name)?.slots ?? 0;
}

function learnedOf(state: PackingState, app: AppState, now: number): LearnedFacts {
  const { hold, start, miss } = idleCosts(state, app);
  return {
    busyShare: app.share === 0 ? null : app.share,
    demand: {
      aheadMs: windowMs(state),
      expected: expected(app.demand),
      margin: margin(app.demand, worthOfSpare(state, app)),
      machines: app.forecast,
    },
    costs: {
      memoryGb: memoryOf(state, app),
      idleCpu: app.idleCpu < 0 ? null : app.idleCpu,
      hold,
      start,
      startWithWait: miss,
      waitMs: waitForMachine(state) * 1_000,
      waitWorth: waitWorthOf(state, app),
      breakEvenMs: hold > 0 ? (miss / hold) * 1_000 : null,
    },
    idle: idleOf(state, app, now),
  };
}

function idleOf(state: PackingState, app: AppState, now: number): LearnedFacts["idle"] {
  const elapsed = app.idleSince < 0 ? 0 : now - app.idleSince;
  const plan: IdlePlan = planFrom(state, app, elapsed);
  return {
    times: app.idleTimes.count,
    holdMs: plan.holdUntil < NEVER ? plan.holdUntil : null,
    costs: plan.known === 0 ? null : { plan: plan.cost, none: plan.costOfNone, holding: plan.costOfHolding },
    start: plan.startAt < NEVER ? { atMs: plan.startAt, untilMs: plan.startedUntil } : null,
    holds: plan.holdUntil > elapsed,
  };
}

function factsOf({ options }: PackingState, app: AppState, machine: MachineEntry, now: number): MachineFacts {
  const { id, phase, inFlight, idleSince, since, timerAt } = machine;
  const nextLook = options.idleMs === null ? timerAt : idleSince + options.idleMs;
  return {
    machine: id,
    phase: phase as MachineFacts["phase"],
    inFlight,
    phaseMs: now - since,
    idleMs: idleSince < 0 ? null : now - idleSince,
    keptForMinimum: app.bound + app.binding <= app.limits.minMachines,
    nextLookMs: idleSince >= 0 && nextLook > now ? nextLook - now : null,
  };
}
