/**
 * The hybrid histogram policy (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020) decides about each app by its idle times, which last from the end of
 * the app's last invocation to the next arrival. It unloads an app when the app falls idle, loads it again after the pre-start window, and then keeps it for
 * the keep-alive window.
 *
 * - If at least half of the idle times are over 4 h, both windows follow from a forecast f of the next one: pre-start after 0.85 f, keep for 0.30 f. The
 *   paper's ARIMA is replaced here by the median of the last ten idle times: apps that are so rare and worth a forecast are nearly regular, and then both
 *   give the same.
 * - Otherwise, if the bins' counts vary little (coefficient of variation under 2), or nothing is known: no pre-start, keep for 4 h.
 * - Otherwise pre-start after 0.9 × the lower edge of the bin of the 5th percentile, and hold until 1.1 × the upper edge of that of the
 *   99th. Both count from the end of the last invocation. (Counting the hold from the pre-start instead, as the text may also be read,
 *   would only hold longer.)
 *
 * The paper has one instance of each app. Here each machine that falls idle is unloaded or kept by the app's windows, and one machine is pre-started. An
 * arrival while other invocations are in the app counts as an idle time of 0. Otherwise an app that never falls idle would have no history, and all its
 * machines would be kept for 4 h.
 */
import type { PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";
import { addIdleTime, BIN_MS, createIdleHistogram, medianOfLast, RANGE_MS, variationOfBins, type IdleHistogram } from "./idle-histogram.ts";
import { killMachine } from "./machines.ts";
import type { Rules } from "./rules.ts";
import { bring, bringForWaiting } from "./supply.ts";
import { keepFor, setAppTimer } from "./timers.ts";

const OUT_OF_RANGE = 0.5;
const LEAST_VARIATION = 2;
const MARGIN = 0.1;
const FORECAST_MARGIN = 0.15;

/** Windows, in ms from the end of an app's last invocation. */
export interface Windows {
  /** When the app is loaded again; 0: it is not unloaded. */
  loadAfter: number;
  unloadAfter: number;
}

interface Habit {
  idleTimes: IdleHistogram;
  windows: Windows;
  /** Since when the app is idle, ms; -1: it has invocations, or never had any. */
  idleSince: number;
}

type State = ClassicState<null, Habit>;
type App = ClassicApp<Habit>;

export function hybridHistogram(): Rules<null, Habit> {
  const rules: Rules<null, Habit> = {
    createMemory: () => null,
    createAppMemory: () => ({ idleTimes: createIdleHistogram(), windows: { loadAfter: 0, unloadAfter: RANGE_MS }, idleSince: -1 }),
    lacks(state, app, now, commands) {
      bringForWaiting(rules, state, app, now, commands);
    },
    arriving(_state, app, now) {
      endIdleTime(app, now);
    },
    idle(state, machine, app, worked, now, commands) {
      if (worked && app.running === 0) beginIdleTime(state, app, now);
      if (worked && app.memory.windows.loadAfter > 0)
        killMachine(state, machine, { kind: "other-rule", rule: "its app is not expected soon" }, commands);
      else keep(state, machine, app, now, commands);
    },
    appTimer(state, app, now, commands) {
      if (app.bound + app.coming === 0) bring(rules, state, app, 1, now, commands);
    },
  };
  return rules;
}

export function windowsOf(idleTimes: IdleHistogram): Windows {
  const { count, outOfRange, head, tail } = idleTimes;
  if (outOfRange > 0 && outOfRange >= OUT_OF_RANGE * (count + outOfRange)) return aroundForecast(medianOfLast(idleTimes));
  if (variationOfBins(idleTimes) < LEAST_VARIATION) return { loadAfter: 0, unloadAfter: RANGE_MS };
  return { loadAfter: head.bin * BIN_MS * (1 - MARGIN), unloadAfter: (tail.bin + 1) * BIN_MS * (1 + MARGIN) };
}

function aroundForecast(forecastMs: number): Windows {
  return { loadAfter: forecastMs * (1 - FORECAST_MARGIN), unloadAfter: forecastMs * (1 + FORECAST_MARGIN) };
}

function endIdleTime(app: App, now: number): void {
  const { memory } = app;
  if (memory.idleSince < 0 && app.running + app.waiting === 0) return;
  addIdleTime(memory.idleTimes, memory.idleSince < 0 ? 0 : now - memory.idleSince);
  memory.windows = windowsOf(memory.idleTimes);
  memory.idleSince = -1;
  app.timerAt = Infinity;
}

function beginIdleTime(state: State, app: App, now: number): void {
  app.memory.idleSince = now;
  if (app.memory.windows.loadAfter > 0) setAppTimer(state, app, now + app.memory.windows.loadAfter);
}

/** While an invocation runs in the app, its idle time has not begun. */
function keep(state: State, machine: ClassicMachine, { memory }: App, now: number, commands: PolicyCommand[]): void {
  const since = memory.idleSince < 0 ? now : memory.idleSince;
  keepFor(state, machine, since + memory.windows.unloadAfter - now, now, commands);
}
