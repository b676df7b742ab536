/** Changes of a machine's phase, each with its command. */
import { idsWith, remove } from "../../src/policy/core/id-table.ts";
import type { OpaqueKind, PolicyCommand } from "../../src/policy/policy.ts";
import type { EndReason, NeedReason } from "../../src/policy/reasons.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";

/** @param app the app that the machine is for; null: it is to be a blank */
export function startMachine(state: ClassicState, app: ClassicApp | null, kind: OpaqueKind, now: number, commands: PolicyCommand[]): void {
  const id = state.nextMachine++;
  const machine: ClassicMachine = {
    id,
    phase: "starting",
    app,
    kind,
    heldMb: app === null ? kind.memoryMb : app.heldMb,
    slots: 0,
    inFlight: 0,
    startedAt: now,
    idleSince: -1,
    expiresAt: Infinity,
    timerAt: Infinity,
    priority: 0,
  };
  state.machines.set(id, machine);
  state.usedMb += machine.heldMb;
  if (app === null) state.blanksComing++;
  else join(app, machine);
  const why: NeedReason = app === null ? { kind: "blanks", wanted: state.blanksWanted } : whyWaiting(app);
  commands.push({ type: "start", machine: id, kind, urgent: app !== null && app.waiting > 0, revision: app?.name ?? null, why });
}

/** Binds a blank, or a machine that was started for the app, to the app. */
export function bindMachine(state: ClassicState, machine: ClassicMachine, app: ClassicApp, commands: PolicyCommand[]): void {
  if (machine.app === null) {
    state.blanks.splice(state.blanks.indexOf(machine), 1);
    join(app, machine);
  }
  machine.phase = "binding";
  commands.push({ type: "bind", machine: machine.id, revision: app.name, why: whyWaiting(app) });
}

export function killMachine(state: ClassicState, machine: ClassicMachine, why: EndReason, commands: PolicyCommand[]): void {
  if (machine.phase === "ending") return;
  leavePhase(state, machine);
  machine.phase = "ending";
  state.leaving++;
  state.leavingMb += machine.heldMb;
  commands.push({ type: "kill", machine: machine.id, why });
}

/** Gives a bound machine no new work. The machine is killed when it is empty. */
function drainMachine(state: ClassicState, machine: ClassicMachine, why: EndReason, commands: PolicyCommand[]): void {
  if (machine.phase !== "bound") return;
  leavePhase(state, machine);
  machine.phase = "draining";
  commands.push({ type: "drain", machine: machine.id, why });
  if (machine.inFlight === 0) killMachine(state, machine, why, commands);
}

/** Takes a machine away from its app, as gently as its phase allows. */
export function retireMachine(state: ClassicState, machine: ClassicMachine, why: EndReason, commands: PolicyCommand[]): void {
  if (machine.phase === "bound") drainMachine(state, machine, why, commands);
  else if (machine.phase !== "draining") killMachine(state, machine, why, commands);
}

/** Forgets a machine that is gone, and every invocation that it had. */
export function forgetMachine(state: ClassicState, machine: ClassicMachine): void {
  if (machine.phase === "ending") {
    state.leaving--;
    state.leavingMb -= machine.heldMb;
  } else leavePhase(state, machine);
  if (machine.inFlight > 0) for (const invocation of idsWith(state.invocations, machine.id)) remove(state.invocations, invocation);
  if (machine.app !== null) machine.app.running -= machine.inFlight;
  machine.app?.machines.delete(machine);
  state.machines.delete(machine.id);
  state.usedMb -= machine.heldMb;
}

export function stopIdling(state: ClassicState, machine: ClassicMachine): void {
  state.idleMb -= machine.heldMb;
  machine.idleSince = -1;
  machine.expiresAt = Infinity;
}

function join(app: ClassicApp, machine: ClassicMachine): void {
  machine.app = app;
  machine.slots = app.limits.concurrency;
  app.machines.add(machine);
  app.coming++;
}

function leavePhase(state: ClassicState, machine: ClassicMachine): void {
  const { app, phase } = machine;
  if (machine.idleSince >= 0) stopIdling(state, machine);
  if (app === null) {
    if (phase === "starting") state.blanksComing--;
    else if (phase === "blank") state.blanks.splice(state.blanks.indexOf(machine), 1);
  } else if (phase === "bound") {
    app.bound--;
    if (machine.inFlight < machine.slots) app.open.splice(app.open.lastIndexOf(machine), 1);
  } else if (phase !== "draining") app.coming--;
}

function whyWaiting({ waiting, bound, coming, limits }: ClassicApp): NeedReason {
  return { kind: "calls-waiting", waiting, slots: (bound + coming) * limits.concurrency };
}
