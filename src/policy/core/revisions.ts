/** Revisions that are added, changed, retired and removed. */
import { SURPLUS_MS } from "../constants.ts";
import type { AppLimits, OpaqueKind, PolicyCommand, RevisionId } from "../policy.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { noteSuccess } from "./failures.ts";
import { lookAtIdle } from "./idle.ts";
import { removeMachines, retireMachines } from "./machines.ts";
import {
  createRevision,
  dropUnusedPools,
  everyMachine,
  machinesOf,
  poolOf,
  type AppState,
  type PackingState,
  type RevisionState,
} from "./packing-state.ts";
import { noteWanting } from "./spares.ts";
import { leaveTenant, tellTenant } from "./tenants.ts";
import { dequeue, moveWaiting } from "./waiting.ts";

interface Told {
  revision: RevisionId;
  app: string;
  limits: AppLimits;
  inherits: RevisionId | null;
}

/** Adds a revision, or sets its limits. Machines that were bound under other limits cannot be told the new ones: they are drained. */
export function setRevision(state: PackingState, told: Told, now: number, commands: PolicyCommand[]): void {
  const known = state.revisions.get(told.revision);
  const revision = known ?? addRevision(state, told, now);
  if (known !== undefined && !sameLimits(known.limits, told.limits)) {
    retireMachines(state, known, { kind: "limits-changed" }, commands);
    known.slots = rulesOf(state).firstSlots(told.limits);
  }
  // What a start costs is another thing now.
  if (known !== undefined && known.limits.snapshot !== told.limits.snapshot) known.idlePlan = known.extraPlan = null;
  moveToPool(state, known?.limits.kind ?? null, told.limits.kind, now);
  if (known !== undefined) stand(known, told.limits.aside === true);
  tellTenant(state, revision.app, told.limits.tenant, now);
  revision.limits = told.limits;
  reserve(state, revision.app, now);
  dropUnusedPools(state);
  noteWanting(state, revision, now);
  // With a lower minimum, what was kept for it may go.
  lookAtIdleOnes(state, revision, now, commands);
}

/** The revision's machines hold what is no longer so, such as a secret's old value: calls from now on go to machines that are bound from now on. */
export function renewRevision(state: PackingState, id: RevisionId, now: number, commands: PolicyCommand[]): void {
  const revision = state.revisions.get(id);
  if (revision === undefined) return;
  noteSuccess(revision.failures);
  retireMachines(state, revision, { kind: "renewed" }, commands);
  noteWanting(state, revision, now);
}

/** No more calls for the revision: what waits goes to its successor, and its machines go when they are through. */
export function retireRevision(state: PackingState, id: RevisionId, successor: RevisionId, now: number, commands: PolicyCommand[]): void {
  const revision = state.revisions.get(id);
  const next = state.revisions.get(successor);
  if (revision === undefined || next === undefined || revision === next) return;
  const busy = revision.demand.load > 0;
  moveWaiting(state, revision, next, now);
  retireMachines(state, revision, { kind: "superseded" }, commands);
  if (busy && next.idleSince >= 0 && rulesOf(state).keepsUnused(state)) {
    // The successor is about to get the calls that the revision had.
    next.preStart = { at: now, until: now + SURPLUS_MS };
  }
  forget(state, revision, now);
  noteWanting(state, next, now);
}

/** The revision's machines are killed, and what waits is rejected. */
export function removeRevision(state: PackingState, id: RevisionId, now: number, commands: PolicyCommand[]): void {
  const revision = state.revisions.get(id);
  if (revision === undefined) return;
  for (let invocation = dequeue(state, revision); invocation !== undefined; invocation = dequeue(state, revision))
    commands.push({ type: "reject", invocation, reason: "app-removed" });
  removeMachines(state, revision, { kind: "app-removed" }, commands);
  forget(state, revision, now);
}

/** Siblings' machines were kept for the app's minimum: another machine may serve for that now. */
export function lookAtSiblings(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  for (const id of revision.app.revisions.slice())
    if (id !== revision.id) lookAtIdleOnes(state, state.revisions.get(id) as RevisionState, now, commands);
}

function lookAtIdleOnes(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  for (const machine of machinesOf(state, revision))
    if (machine.phase === "bound" && machine.idleSince >= 0) lookAtIdle(state, revision, machine, now, commands);
}

function addRevision(state: PackingState, { revision: id, app: appId, limits, inherits }: Told, now: number): RevisionState {
  const number = state.nextRevision++;
  const app = state.apps.get(appId) ?? { id: appId, tenant: null, revisions: [], machines: 0, aside: 0, waiting: 0, reservation: null };
  state.apps.set(appId, app);
  if (limits.aside === true) app.revisions.unshift(id);
  else app.revisions.push(id);
  state.revisionIds[number] = id;
  const revision = createRevision(id, app, number, limits, rulesOf(state).firstSlots(limits), now);
  state.revisions.set(id, revision);
  const parent = inherits === null ? undefined : state.revisions.get(inherits);
  if (parent !== undefined) inherit(revision, parent);
  return revision;
}

/** A revision that no longer stands aside is the newest. */
function stand({ id, app, limits, bound, binding }: RevisionState, aside: boolean): void {
  if (aside === (limits.aside === true)) return;
  app.revisions.splice(app.revisions.indexOf(id), 1);
  if (aside) app.revisions.unshift(id);
  else app.revisions.push(id);
  app.aside += (aside ? 1 : -1) * (bound + binding);
}

/** What was learned of the parent is taken to be true of the child until its own machines say otherwise: a deploy forgets nothing. They go on learning apart. */
function inherit(child: RevisionState, parent: RevisionState): void {
  child.idleTimes = copyTimes(parent.idleTimes);
  child.extraTimes = copyTimes(parent.extraTimes);
  child.periods = copyTimes(parent.periods);
  child.workSums = { ...parent.workSums };
  const { level, trend, variance, onset, load } = parent.demand;
  Object.assign(child.demand, { level, trend, variance, onset: Math.max(onset, load) });
  const { busyShare, cpuMs, durationMs, memoryGb, idleCpu } = parent;
  Object.assign(child, { busyShare, cpuMs, durationMs, memoryGb, idleCpu });
  if (busyShare !== null) child.slots = Math.min(parent.slots, child.limits.concurrency);
}

function copyTimes(times: RevisionState["idleTimes"]): RevisionState["idleTimes"] {
  const octaves = times.octaves.map(({ weight, recent, next, sorted }) => ({
    weight,
    recent: recent.slice(),
    next,
    sorted: sorted.slice(),
  }));
  return { octaves, unit: times.unit, count: times.count };
}

function forget(state: PackingState, revision: RevisionState, now: number): void {
  const { app } = revision;
  // The same revision may take calls again while these machines still run their last ones or end. They are not counted for it then.
  for (const machine of everyMachine(state)) if (machine.revision === revision.id) machine.revision = null;
  state.revisions.delete(revision.id);
  delete state.revisionIds[revision.number];
  app.revisions.splice(app.revisions.indexOf(revision.id), 1);
  reserve(state, app, now);
  moveToPool(state, revision.limits.kind, null, now);
  dropUnusedPools(state);
  if (app.revisions.length > 0) return;
  state.apps.delete(app.id);
  leaveTenant(state, app);
}

/** Counts a revision in the pool of its kind: the counts say which kinds are in use. @param from null: the revision is new @param to null: it is forgotten */
function moveToPool(state: PackingState, from: OpaqueKind | null, to: OpaqueKind | null, now: number): void {
  if (to !== null) poolOf(state, to, now).revisions++;
  if (from !== null) poolOf(state, from, now).revisions--;
}

/** Sets the blanks that are reserved for an app: once for all its revisions, as the newest of them asks for. */
function reserve(state: PackingState, app: AppState, now: number): void {
  if (app.reservation !== null) poolOf(state, app.reservation.kind, now).reserved -= app.reservation.blanks;
  const newest = state.revisions.get(app.revisions.at(-1) ?? "");
  app.reservation = null;
  if (newest === undefined || newest.limits.reservedBlanks === 0) return;
  const { kind, reservedBlanks } = newest.limits;
  app.reservation = { kind, blanks: reservedBlanks };
  poolOf(state, kind, now).reserved += reservedBlanks;
}

/** Whether the limits are the same of which machines cannot be told while they run. */
function sameLimits(a: AppLimits, b: AppLimits): boolean {
  return a.kind.key === b.kind.key && a.concurrency === b.concurrency && a.maxMachines === b.maxMachines && a.queue === b.queue;
}
