/**
 * The part that all baselines share: which invocation and which machine is where, and how events change that. The `Rules` decide what is started, which
 * machine is chosen, and how long a machine is kept.
 *
 * All baselines get what Mayfly's policy gets: the app's ceilings of concurrency, machines and queue, the host's limits, and the same machines. A machine is
 * started for one app, because the machines of those systems belong to one app from the start. It is bound to the app when it is up, and the invocation that
 * waits longest gets its first slot. Invocations go to the fullest machine with a free slot unless the rule says otherwise. That favours the baselines, most
 * of which leave this open. An app's `minMachines`, `reservedBlanks` and `waitWorth` are for Mayfly's policy alone.
 *
 * An event takes constant time, or the logarithm of the number of idle machines. Rare events, such as an eviction or the loss of a machine, may take time for
 * every machine.
 *
 * The file is long because it is one state machine, which each baseline changes by its rules alone.
 */
import { lookUp, put, remove } from "../../src/policy/core/id-table.ts";
import type { AppLimits, InvocationId, PolicyCommand, PolicyEvent, Step } from "../../src/policy/policy.ts";
import { addApp, createClassicState, type ClassicApp, type ClassicMachine, type ClassicState, type HostLimits } from "./classic-state.ts";
import { earliest, takeEarliest } from "../../src/policy/core/timers.ts";
import { bindMachine, forgetMachine, killMachine, retireMachine, stopIdling } from "./machines.ts";
import { dequeue, enqueue, isFull, leaveQueue } from "./queue.ts";
import type { Rules } from "./rules.ts";
import { feedStarved, fillBlanks } from "./supply.ts";
import { expire, scheduleWake } from "./timers.ts";

export interface ClassicPolicy<Memory, AppMemory> {
  state: ClassicState<Memory, AppMemory>;
  step: Step<ClassicState<Memory, AppMemory>>;
}

/** Number of machines in a row that do not come up, after which the calls that wait for them are rejected. */
const HOPELESS = 3;

export function createClassic<M, A>(rules: Rules<M, A>, host: HostLimits): ClassicPolicy<M, A> {
  return {
    state: createClassicState(host, rules.createMemory(), rules.blanks ?? 0),
    step(state, event, now) {
      const commands: PolicyCommand[] = [];
      note(rules, state, event, now, commands);
      scheduleWake(state, commands);
      return commands;
    },
  };
}

function note<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, event: PolicyEvent, now: number, commands: PolicyCommand[]): void {
  switch (event.type) {
    case "arrive":
      return arrive(rules, state, event.invocation, event.revision, now, commands);
    case "finish":
      return finish(rules, state, event.invocation, now, commands);
    case "stats":
      return weigh(state, event.machine, event.stats.memoryBytes / 1_048_576);
    case "abandon":
      return abandon(rules, state, event.invocation, now);
    default:
      rarely(rules, state, event, now, commands);
      fillBlanks(state, now, commands);
  }
}

type RareEvent = Exclude<PolicyEvent, { type: "arrive" | "finish" | "stats" | "abandon" }>;

function rarely<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, event: RareEvent, now: number, commands: PolicyCommand[]): void {
  switch (event.type) {
    case "revision":
      return setLimits(rules, state, event.revision, event.limits, now, commands);
    case "revision-removed":
      return removeApp(state, event.revision, commands);
    case "revision-renewed":
    case "revision-retired":
      return retireAll(rules, state, state.apps.get(event.revision), now, commands);
    case "expected":
      return undefined;
    case "blank":
      return blankUp(state, event.machine, commands);
    case "bound":
      return machineBound(rules, state, event.machine, now, commands);
    case "condemn":
      return condemn(rules, state, event, now, commands);
    case "exit":
      return machineGone(rules, state, event.machine, event.failed, now, commands);
    case "tick":
      return tick(rules, state, now, commands);
  }
}

function arrive<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  invocation: InvocationId,
  name: string,
  now: number,
  commands: PolicyCommand[],
): void {
  const app = state.apps.get(name);
  if (app === undefined) return void commands.push({ type: "reject", invocation, reason: "app-removed" });
  if (app.open.length === 0 && isFull(app)) return void commands.push({ type: "reject", invocation, reason: "queue-full" });
  rules.arriving?.(state, app, now);
  if (app.open.length > 0) return serve(rules, state, app, invocation, now, commands);
  enqueue(state, app, invocation, now);
  rules.lacks(state, app, now, commands);
}

function serve<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  app: ClassicApp<A>,
  invocation: InvocationId,
  now: number,
  commands: PolicyCommand[],
): void {
  const { open } = app;
  const place = rules.choose?.(state, app) ?? open.length - 1;
  const machine = open[place] as ClassicMachine<A>;
  put(state.invocations, invocation, machine.id);
  app.running++;
  if (machine.idleSince >= 0) stopIdling(state, machine);
  if (++machine.inFlight >= machine.slots) {
    open[place] = open[open.length - 1] as ClassicMachine<A>;
    open.pop();
  }
  commands.push({ type: "assign", invocation, machine: machine.id });
  rules.served?.(state, app, invocation, now);
}

function finish<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  invocation: InvocationId,
  now: number,
  commands: PolicyCommand[],
): void {
  const machine = state.machines.get(lookUp(state.invocations, invocation) ?? 0);
  if (machine === undefined) return;
  const app = machine.app as ClassicApp<A>;
  rules.ending?.(state, app, invocation, now);
  remove(state.invocations, invocation);
  app.running--;
  machine.inFlight--;
  if (machine.phase !== "bound") {
    if (machine.phase === "draining" && machine.inFlight === 0) killMachine(state, machine, { kind: "drained" }, commands);
    return;
  }
  if (machine.inFlight === machine.slots - 1) app.open.push(machine);
  serveWaiting(rules, state, app, now, commands);
  if (machine.inFlight === 0) fallIdle(rules, state, machine, app, true, now, commands);
}

function serveWaiting<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  app: ClassicApp<A>,
  now: number,
  commands: PolicyCommand[],
): void {
  while (app.waiting > 0 && app.open.length > 0) serve(rules, state, app, dequeue(state, app) as InvocationId, now, commands);
}

/** On a full host, an idle machine makes room for the apps that wait for it. */
function fallIdle<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  machine: ClassicMachine<A>,
  app: ClassicApp<A>,
  worked: boolean,
  now: number,
  commands: PolicyCommand[],
): void {
  machine.idleSince = now;
  state.idleMb += machine.heldMb;
  if (state.starved.size === 0) return rules.idle(state, machine, app, worked, now, commands);
  rules.evicted?.(state, machine);
  killMachine(state, machine, { kind: "host-full" }, commands);
}

/** Takes in what a machine really holds, by its report. */
function weigh(state: ClassicState, id: number, mb: number): void {
  const machine = state.machines.get(id);
  if (machine === undefined || machine.phase === "ending" || machine.app === null) return;
  machine.app.heldMb = mb;
  state.usedMb += mb - machine.heldMb;
  if (machine.idleSince >= 0) state.idleMb += mb - machine.heldMb;
  machine.heldMb = mb;
}

function abandon<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, invocation: InvocationId, now: number): void {
  const app = state.appsByNumber.get(-(lookUp(state.invocations, invocation) ?? 0));
  if (app === undefined) return;
  rules.ending?.(state, app, invocation, now);
  leaveQueue(state, app, invocation);
}

/** Sets the limits of an app. Machines that were bound under other limits cannot be told the new ones: they are drained. */
function setLimits<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  name: string,
  limits: AppLimits,
  now: number,
  commands: PolicyCommand[],
): void {
  const app = state.apps.get(name);
  if (app === undefined) return addApp(state, name, limits, rules.createAppMemory());
  app.limits = limits;
  retireAll(rules, state, app, now, commands);
}

function retireAll<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  app: ClassicApp<A> | undefined,
  now: number,
  commands: PolicyCommand[],
): void {
  if (app === undefined) return;
  for (const machine of app.machines) retireMachine(state, machine, { kind: "renewed" }, commands);
  if (app.waiting > 0) rules.lacks(state, app, now, commands);
}

function removeApp<A>(state: ClassicState<unknown, A>, name: string, commands: PolicyCommand[]): void {
  const app = state.apps.get(name);
  if (app === undefined) return;
  giveUp(state, app, "app-removed", commands);
  for (const machine of app.machines) killMachine(state, machine, { kind: "app-removed" }, commands);
  state.apps.delete(name);
  state.appsByNumber.delete(app.number);
  state.starved.delete(app);
}

function giveUp(state: ClassicState, app: ClassicApp, reason: "start-failed" | "app-removed", commands: PolicyCommand[]): void {
  for (let invocation = dequeue(state, app); invocation !== undefined; invocation = dequeue(state, app))
    commands.push({ type: "reject", invocation, reason });
}

function blankUp(state: ClassicState, id: number, commands: PolicyCommand[]): void {
  const machine = state.machines.get(id);
  if (machine?.phase !== "starting") return;
  machine.phase = "blank";
  if (machine.app !== null) return bindMachine(state, machine, machine.app, commands);
  state.blanksComing--;
  state.blanks.push(machine);
}

function machineBound<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, id: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines.get(id);
  if (machine?.phase !== "binding") return;
  const app = machine.app as ClassicApp<A>;
  machine.phase = "bound";
  app.failures = 0;
  app.bringUpMs = now - machine.startedAt;
  app.coming--;
  app.bound++;
  app.open.push(machine);
  serveWaiting(rules, state, app, now, commands);
  if (machine.inFlight === 0) fallIdle(rules, state, machine, app, false, now, commands);
}

function condemn<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  { machine: id, because }: Extract<PolicyEvent, { type: "condemn" }>,
  now: number,
  commands: PolicyCommand[],
): void {
  const machine = state.machines.get(id);
  if (machine === undefined) return;
  retireMachine(state, machine, { kind: "condemned", because }, commands);
  if (machine.app !== null && machine.app.waiting > 0) rules.lacks(state, machine.app, now, commands);
}

function machineGone<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  id: number,
  failed: boolean,
  now: number,
  commands: PolicyCommand[],
): void {
  const machine = state.machines.get(id);
  if (machine === undefined) return;
  const { app } = machine;
  forgetMachine(state, machine);
  if (app !== null && failed && ++app.failures >= HOPELESS && app.bound + app.coming === 0) giveUp(state, app, "start-failed", commands);
  if (app !== null && app.waiting > 0 && state.apps.get(app.name) === app) rules.lacks(state, app, now, commands);
  feedStarved(rules, state, now, commands);
}

function tick<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, now: number, commands: PolicyCommand[]): void {
  state.wakeAt = Infinity;
  for (let at = earliest(state.timers); at <= now; at = earliest(state.timers))
    due(rules, state, takeEarliest(state.timers), at, now, commands);
}

/** Handles a timer that is due. An entry whose time is not the one that its owner remembers was replaced: it is skipped. */
function due<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, id: number, at: number, now: number, commands: PolicyCommand[]): void {
  if (id > 0) {
    const machine = state.machines.get(id);
    if (machine !== undefined) expire(state, machine, at, commands);
  } else if (id < 0) {
    const app = state.appsByNumber.get(-id);
    if (app === undefined || app.timerAt !== at) return;
    app.timerAt = Infinity;
    rules.appTimer?.(state, app, now, commands);
  } else if (state.timerAt === at) {
    state.timerAt = Infinity;
    rules.timer?.(state, now, commands);
  }
}
