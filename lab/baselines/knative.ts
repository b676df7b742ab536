/**
 * Knative's autoscaler, KPA (the project's `pkg/autoscaler/scaling/autoscaler.go`, with its defaults). Every 2 s it calculates for each app the mean number of
 * invocations in it, those that wait included, over the last 60 s and over the last 6 s (or over the time since the app began, if that is shorter). These
 * means, divided by a target of 70 % of the app's concurrency, at least 1, are the numbers of machines that the app needs in calm and in panic.
 *
 * - Neither number may be over 1000 × the ready machines, nor under half of them.
 * - Panic begins when the last 6 s ask for twice the ready machines, and ends when they have not done so for 60 s. While it lasts, the number of machines is
 *   the largest that either mean has asked for since the panic began.
 * - An app goes to 0 machines only after 60 s without any traffic, and 30 s of grace. The first invocation of an app at 0 starts a machine at once.
 *
 * An invocation goes to the less loaded of two random machines with a free slot. Surplus machines go in the order of Kubernetes: first those that are not
 * ready, then the emptiest. They finish the invocations that they have.
 */
import type { PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";
import { retireMachine } from "./machines.ts";
import type { Rules } from "./rules.ts";
import { bring } from "./supply.ts";
import { setTimer } from "./timers.ts";

const TICK_MS = 2_000;
const STABLE_TICKS = 30;
const PANIC_TICKS = 3;
const STABLE_MS = 60_000;
const GRACE_MS = 30_000;
const TARGET_SHARE = 0.7;
const LEAST_TARGET = 1;
const MOST_GROWTH = 1_000;
const MOST_SHRINKAGE = 2;
const PANIC_GROWTH = 2;

interface Autoscaler {
  /** Apps with machines or traffic. Only these are looked at. */
  active: ClassicApp<Traffic>[];
  /** State of the random choice of machines; never 0. */
  seed: number;
}

interface Traffic {
  active: boolean;
  activeSince: number;
  /** Number of ticks since the app became active. */
  ticks: number;
  /** Integral of the number of invocations up to `measuredAt`, invocations × ms. */
  area: number;
  measuredAt: number;
  /** `area` at the last ticks: a ring. */
  areas: number[];
  /** When the last 6 s last asked for panic, ms; -1: the app is in calm. */
  panicAt: number;
  /** Highest number of machines that the panic has asked for. */
  panicMost: number;
  /** Since when no machine is wanted, ms; -1: some are wanted. */
  unwantedSince: number;
}

type State = ClassicState<Autoscaler, Traffic>;
type App = ClassicApp<Traffic>;

export function knative(seed: number): Rules<Autoscaler, Traffic> {
  const rules: Rules<Autoscaler, Traffic> = {
    createMemory: () => ({ active: [], seed }),
    createAppMemory: calm,
    choose: lessLoadedOfTwo,
    arriving(state, app, now) {
      measure(app, now);
      if (!app.memory.active) activate(state, app, now);
    },
    ending: (_state, app, _invocation, now) => measure(app, now),
    lacks(state, app, now, commands) {
      if (app.bound + app.coming === 0) bring(rules, state, app, 1, now, commands);
    },
    idle() {},
    timer(state, now, commands) {
      state.memory.active = state.memory.active.filter((app) => lookAt(rules, state, app, now, commands));
      if (state.memory.active.length > 0) setTimer(state, now + TICK_MS);
    },
  };
  return rules;
}

function calm(): Traffic {
  return { active: false, activeSince: 0, ticks: 0, area: 0, measuredAt: 0, areas: [], panicAt: -1, panicMost: 0, unwantedSince: -1 };
}

function measure({ memory, running, waiting }: App, now: number): void {
  memory.area += (running + waiting) * (now - memory.measuredAt);
  memory.measuredAt = now;
}

function activate(state: State, app: App, now: number): void {
  app.memory = { ...calm(), active: true, activeSince: now, measuredAt: now, areas: [0] };
  state.memory.active.push(app);
  if (state.timerAt === Infinity) setTimer(state, (Math.floor(now / TICK_MS) + 1) * TICK_MS);
}

/** Scales an app. Returns false if the app is at 0 and without traffic. */
function lookAt(rules: Rules<Autoscaler, Traffic>, state: State, app: App, now: number, commands: PolicyCommand[]): boolean {
  if (state.apps.get(app.name) !== app) return false;
  measure(app, now);
  const { memory } = app;
  memory.areas[++memory.ticks % (STABLE_TICKS + 1)] = memory.area;
  const wanted = afterGrace(memory, decide(app, now), now);
  const present = app.bound + app.coming;
  if (wanted > present) bring(rules, state, app, wanted - present, now, commands);
  else if (wanted < present) release(state, app, present - wanted, commands);
  return (memory.active = app.bound + app.coming + app.running + app.waiting > 0);
}

function decide({ memory, bound, limits }: App, now: number): number {
  const target = Math.max(LEAST_TARGET, TARGET_SHARE * limits.concurrency);
  const ready = Math.max(1, bound);
  const inCalm = Math.ceil(meanOver(memory, STABLE_TICKS, now) / target);
  const inPanic = Math.ceil(meanOver(memory, PANIC_TICKS, now) / target);
  const calmMachines = withinRates(inCalm, ready);
  if (inPanic / ready >= PANIC_GROWTH) memory.panicAt = now;
  else if (memory.panicAt >= 0 && now - memory.panicAt > STABLE_MS) memory.panicAt = -1;
  if (memory.panicAt < 0) {
    memory.panicMost = 0;
    return calmMachines;
  }
  memory.panicMost = Math.max(memory.panicMost, calmMachines, withinRates(inPanic, ready));
  return memory.panicMost;
}

function withinRates(wanted: number, ready: number): number {
  return Math.min(Math.max(wanted, Math.floor(ready / MOST_SHRINKAGE)), MOST_GROWTH * ready);
}

/** Mean number of invocations over the last `ticks` ticks, or since the app became active. */
function meanOver({ ticks, areas, area, activeSince }: Traffic, over: number, now: number): number {
  const from = Math.max(0, ticks - over);
  const fromAt = from === 0 ? activeSince : now - over * TICK_MS;
  return (area - (areas[from % (STABLE_TICKS + 1)] as number)) / (now - fromAt);
}

function afterGrace(memory: Traffic, wanted: number, now: number): number {
  if (wanted > 0) memory.unwantedSince = -1;
  else if (memory.unwantedSince < 0) memory.unwantedSince = now;
  return wanted === 0 && now - memory.unwantedSince < GRACE_MS ? 1 : wanted;
}

function release(state: State, app: App, count: number, commands: PolicyCommand[]): void {
  const machines = [...app.machines].filter(({ phase }) => phase !== "draining" && phase !== "ending");
  machines.sort((a, b) => Number(a.phase === "bound") - Number(b.phase === "bound") || a.inFlight - b.inFlight || b.id - a.id);
  for (const machine of machines.slice(0, count))
    retireMachine(state, machine, { kind: "other-rule", rule: `wants ${machines.length - count}` }, commands);
}

function lessLoadedOfTwo(state: State, { open }: App): number {
  if (open.length === 1) return 0;
  const one = random(state.memory, open.length);
  const other = (one + 1 + random(state.memory, open.length - 1)) % open.length;
  return loadOf(open, one) <= loadOf(open, other) ? one : other;
}

function loadOf(open: ClassicMachine[], place: number): number {
  return (open[place] as ClassicMachine).inFlight;
}

/** A random integer from 0 to `below` - 1, by Marsaglia's xorshift. */
function random(memory: Autoscaler, below: number): number {
  let x = memory.seed;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  memory.seed = x;
  return (x >>> 0) % below;
}
