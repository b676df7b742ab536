/** Apps that come, change and go. */
import type { AppLimits, PolicyCommand } from "../policy.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { noteSuccess } from "./failures.ts";
import { lookAtIdle } from "./idle.ts";
import { removeMachines, retireMachines } from "./machines.ts";
import { createApp, machinesOf, poolOf, type AppState, type PackingState } from "./packing-state.ts";
import { noteWanting } from "./spares.ts";
import { dequeue } from "./waiting.ts";
import { sameSize } from "./size.ts";

/** Machines that were bound under other limits keep to these: they are drained. */
export function setLimits(state: PackingState, name: string, limits: AppLimits, now: number, commands: PolicyCommand[]): void {
  const known = state.apps.get(name);
  const app = known ?? addApp(state, name, limits, now);
  if (known !== undefined) {
    reserve(state, known, -1, now);
    if (!sameLimits(known.limits, limits)) {
      retireMachines(state, known, { kind: "limits-changed" }, commands);
      known.slots = rulesOf(state).firstSlots(limits);
    }
  }
  app.limits = limits;
  reserve(state, app, 1, now);
  noteWanting(state, app, now);
  // With a lower minimum, what was kept for it may go.
  for (const machine of machinesOf(state, app))
    if (machine.phase === "bound" && machine.idleSince >= 0) lookAtIdle(state, app, machine, now, commands);
}

function addApp(state: PackingState, name: string, limits: AppLimits, now: number): AppState {
  const number = state.nextApp++;
  state.appNames[number] = name;
  const app = createApp(name, number, limits, rulesOf(state).firstSlots(limits), now);
  state.apps.set(name, app);
  return app;
}

function reserve(state: PackingState, { limits }: AppState, sign: 1 | -1, now: number): void {
  if (limits.reservedBlanks > 0) poolOf(state, limits.memoryMb, limits.vcpus, now).reserved += sign * limits.reservedBlanks;
}

/** What machines of the app can't be told while they run. */
function sameLimits(a: AppLimits, b: AppLimits): boolean {
  return sameSize(a, b) && a.concurrency === b.concurrency && a.maxMachines === b.maxMachines && a.queue === b.queue;
}

export function updateApp(state: PackingState, name: string, now: number, commands: PolicyCommand[]): void {
  const app = state.apps.get(name);
  if (app === undefined) return;
  noteSuccess(app.failures);
  retireMachines(state, app, { kind: "newer-version" }, commands);
  noteWanting(state, app, now);
}

export function removeApp(state: PackingState, name: string, now: number, commands: PolicyCommand[]): void {
  const app = state.apps.get(name);
  if (app === undefined) return;
  for (let invocation = dequeue(state, app); invocation !== undefined; invocation = dequeue(state, app))
    commands.push({ type: "reject", invocation, reason: "app-removed" });
  removeMachines(state, app, { kind: "app-removed" }, commands);
  reserve(state, app, -1, now);
  state.apps.delete(name);
  delete state.appNames[app.number];
}
