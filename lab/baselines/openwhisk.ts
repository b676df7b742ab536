/**
 * Apache OpenWhisk's scheduler (the project's `SchedulingDecisionMaker`, `ContainerPool` and `FunctionPullingContainerProxy`). Machines
 * pull from their app's queue. Every 100 ms the queue decides how many machines to add. An invocation is stale when it has waited for more than 100 ms. With n
 * machines bound or coming, and a throughput of each machine of `t = 100 ms / mean duration × concurrency` in 100 ms:
 *
 * - n = 0: add 1.
 * - No mean is known yet, as no invocation ended, and some are stale: add `ceil(stale / concurrency) - coming`, at most as many as wait.
 * - Otherwise add `min(ceil(stale / t), stale) - coming` for stale invocations. If fresh ones, which are not stale yet, are at least `t × n` and more than n,
 *   also add `ceil(fresh / t - n)` for them, at most `fresh - n`.
 *
 * The mean is that of the last 10 durations. An idle machine is paused after 10 s and killed after 10 min. A paused machine uses no CPU but holds all its
 * memory: it counts as idle here, and its resumption as free. Stem cells are blanks: there are 2, and 1 more for each 2 cold starts without a stem cell in
 * the last minute, up to 4. Surplus stem cells go at the end of a minute.
 */
import { createIdTable, lookUp, put, remove, type IdTable } from "../../src/policy/core/id-table.ts";
import type { PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicState } from "./classic-state.ts";
import { killMachine } from "./machines.ts";
import { waitingLonger } from "./queue.ts";
import type { Rules } from "./rules.ts";
import { bring } from "./supply.ts";
import { keepFor, setAppTimer, setTimer } from "./timers.ts";

const DECIDE_MS = 100;
const STALE_MS = 100;
const KEEP_MS = 600_000;
const DURATIONS = 10;
const FEWEST_CELLS = 2;
const MOST_CELLS = 4;
const COLD_PER_CELL = 2;
const REVIEW_MS = 60_000;

interface CellMemory {
  /** When each running invocation was given its slot, ms. */
  servedAt: IdTable;
  /** Number of starts for an app since the last review, for which no stem cell was there. */
  cold: number;
}

interface Durations {
  /** The last ten durations, ms: a ring. */
  last: number[];
  next: number;
}

type State = ClassicState<CellMemory, Durations>;
type App = ClassicApp<Durations>;

export function openWhisk(): Rules<CellMemory, Durations> {
  const rules: Rules<CellMemory, Durations> = {
    createMemory: () => ({ servedAt: createIdTable(), cold: 0 }),
    createAppMemory: () => ({ last: [], next: 0 }),
    blanks: FEWEST_CELLS,
    lacks(state, app, now, commands) {
      if (app.timerAt === Infinity) decide(rules, state, app, now, commands);
    },
    appTimer(state, app, now, commands) {
      if (app.waiting > 0) decide(rules, state, app, now, commands);
    },
    served({ memory }, _app, invocation, now) {
      put(memory.servedAt, invocation, now);
    },
    ending({ memory }, app, invocation, now) {
      const since = lookUp(memory.servedAt, invocation);
      if (since === undefined) return;
      remove(memory.servedAt, invocation);
      remember(app.memory, now - since);
    },
    idle(state, machine, _app, _worked, now, commands) {
      keepFor(state, machine, KEEP_MS, now, commands);
    },
    timer: reviewCells,
  };
  return rules;
}

function decide(rules: Rules<CellMemory, Durations>, state: State, app: App, now: number, commands: PolicyCommand[]): void {
  setAppTimer(state, app, now + DECIDE_MS);
  const stale = waitingLonger(app, STALE_MS, now);
  const started = bring(rules, state, app, toAdd(app, stale, app.waiting - stale), now, commands);
  if (started > 0) countCold(state, started, now);
}

/** @param fresh number of waiting invocations that are not stale */
export function toAdd(app: Pick<App, "bound" | "coming" | "limits" | "memory">, stale: number, fresh: number): number {
  const n = app.bound + app.coming;
  const { concurrency } = app.limits;
  if (n === 0) return 1;
  const meanMs = mean(app.memory);
  if (meanMs === undefined) return stale === 0 ? 0 : Math.min(Math.ceil(stale / concurrency) - app.coming, stale + fresh);
  const throughput = (DECIDE_MS / meanMs) * concurrency;
  const forStale = stale === 0 ? 0 : Math.min(Math.ceil(stale / throughput), stale) - app.coming;
  if (fresh < throughput * n || n >= fresh) return Math.max(0, forStale);
  return Math.min(Math.ceil(fresh / throughput - n), fresh - n) + forStale;
}

/** Durations under 1 ms count as 1 ms, because OpenWhisk's durations are whole ms. */
function remember(durations: Durations, ms: number): void {
  durations.last[durations.next] = Math.max(1, ms);
  durations.next = (durations.next + 1) % DURATIONS;
}

function mean({ last }: Durations): number | undefined {
  if (last.length === 0) return undefined;
  let sum = 0;
  for (const ms of last) sum += ms;
  return sum / last.length;
}

function countCold(state: State, count: number, now: number): void {
  state.memory.cold += count;
  if (state.timerAt === Infinity) setTimer(state, now + REVIEW_MS);
}

function reviewCells(state: State, now: number, commands: PolicyCommand[]): void {
  state.blanksWanted = Math.min(MOST_CELLS, Math.max(FEWEST_CELLS, Math.floor(state.memory.cold / COLD_PER_CELL)));
  state.memory.cold = 0;
  for (const cell of state.blanks.slice(0, Math.max(0, state.blanks.length - state.blanksWanted)))
    killMachine(state, cell, { kind: "other-rule", rule: "more stem cells than the last minute needed" }, commands);
  if (state.blanksWanted > FEWEST_CELLS) setTimer(state, now + REVIEW_MS);
}
