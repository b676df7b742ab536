/** What the policy makes of an app now, in sentences with the numbers that it goes by. */
import { figure, span } from "./figures.ts";
import { planFrom } from "./idle.ts";
import { machinesOf, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";
import { expected, margin } from "./demand.ts";
import { worthOfSpare } from "./spares.ts";
import { NEVER } from "./timers.ts";
import { counted } from "../base/words/counted.ts";
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "./costs.ts";

/** Empty where there is no such app. Changes nothing. */
export function explainApp(state: PackingState, name: string, now: number): string[] {
  const app = state.apps.get(name);
  if (app === undefined) return [];
  const learned = state.options.idleMs === null;
  return [
    demandOf(app),
    slotsSentence(state, app),
    ...(learned ? [aheadOf(state, app), costsOf(state, app), idleOf(state, app, now)] : []),
  ].concat(machinesOf(state, app).map((machine) => machineSentence(state, app, machine, now)));
}

/** Slots that each machine of the app has now; 0 where there is no such app. */
export function slotsOf(state: PackingState, name: string): number {
  return state.apps.get(name)?.slots ?? 0;
}

function demandOf({ demand, waiting, bound, binding }: AppState): string {
  const inFlight = demand.load - waiting;
  return `${counted(inFlight, "invocation")} in flight and ${waiting} waiting, on ${counted(bound, "machine")}, with ${binding} more being bound.`;
}

function slotsSentence({ options }: PackingState, { slots, share, limits }: AppState): string {
  const ceiling = `its ceiling is ${limits.concurrency}`;
  if (options.idleMs !== null) return `Each machine has ${counted(slots, "slot")}: ${ceiling}, and nothing is learned, as idleMs is set.`;
  if (share === 0) return `Each machine has ${counted(slots, "slot")} to begin with; ${ceiling}.`;
  return `Each machine has ${counted(slots, "slot")}, as an invocation keeps the event loop busy for ${figure(100 * share)} % of its time in flight; ${ceiling}.`;
}

function aheadOf(state: PackingState, app: AppState): string {
  const more = margin(app.demand, worthOfSpare(state, app));
  const ahead = span(windowMs(state));
  return (
    `In ${ahead}, one start-up time, ${counted(figure(expected(app.demand)), "invocation")} in flight expected, and room for ${figure(more)} more provided: ` +
    `that is ${counted(app.forecast, "machine")}. Kept at least: ${counted(app.limits.minMachines, "machine")}.`
  );
}

function costsOf(state: PackingState, app: AppState): string {
  const { hold, start, miss } = idleCosts(state, app);
  return (
    `A machine holds ${figure(memoryOf(state, app))} GB${idleCpuOf(app)}: holding it costs ${figure(hold)} GB-seconds a second. A start costs ${figure(start)} GB-seconds, and ${figure(miss)} ` +
    `when a caller waits ${span(waitForMachine(state) * 1_000)} for it, at ${figure(waitWorthOf(state, app))} GB-seconds a second (waitWorth). ` +
    `So ${span(hold > 0 ? (miss / hold) * 1_000 : NEVER)} of holding cost as much as a start.`
  );
}

function idleCpuOf({ idleCpu }: AppState): string {
  return idleCpu > 0 ? `, and uses ${figure(100 * idleCpu)} % of a CPU with nothing to do` : "";
}

function idleOf(state: PackingState, app: AppState, now: number): string {
  const elapsed = app.idleSince < 0 ? 0 : now - app.idleSince;
  const plan = planFrom(state, app, elapsed);
  if (plan.known === 0)
    return `It fell idle ${counted(app.idleTimes.count, "time")} so far, too few to learn from: its last machine is held for ${span(plan.holdUntil)}.`;
  const seen = `It fell idle ${counted(app.idleTimes.count, "time")} so far. Each time costs ${figure(plan.costOfHolding)} GB-seconds if a machine is always held`;
  const none = `${figure(plan.costOfNone)} if none is`;
  return `${seen}, ${none}, and ${figure(plan.cost)} as it does: ${whatItDoes(plan, elapsed)}.`;
}

function whatItDoes(plan: ReturnType<typeof planFrom>, elapsed: number): string {
  const held = plan.holdUntil > elapsed ? `the last machine is held for ${span(plan.holdUntil)}` : "the last machine is killed at once";
  if (plan.startAt >= NEVER) return `${held}, and the next one is started when it is called`;
  return `${held}, and one is started ${span(plan.startAt)} after the last call, to be there until ${span(plan.startedUntil)} after it`;
}

function machineSentence({ options }: PackingState, app: AppState, machine: MachineEntry, now: number): string {
  const { id, phase, inFlight, idleSince, since, timerAt } = machine;
  if (phase === "binding") return `Machine ${id} is being bound since ${span(now - since)}.`;
  if (phase === "draining") return `Machine ${id} gets no new work and is killed once what it has in flight (${inFlight}) is through.`;
  if (idleSince < 0) return `Machine ${id} has ${inFlight} of ${counted(app.slots, "slot")} taken.`;
  const idle = `Machine ${id} is idle for ${span(now - idleSince)}`;
  if (app.bound + app.binding <= app.limits.minMachines)
    return `${idle} and kept: the app is to have ${counted(app.limits.minMachines, "machine")} at least.`;
  const until = options.idleMs === null ? timerAt : idleSince + options.idleMs;
  return until > now ? `${idle}; whether it is kept is looked at again in ${span(until - now)}.` : `${idle}.`;
}
