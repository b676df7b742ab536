/** Waiting invocations: a queue for each revision, first come, first served, with a limit for each app. */
import type { InvocationId } from "../policy.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import { changeLoad } from "../rules/demand.ts";
import { windowMs } from "./costs.ts";
import { noteIdleEnd } from "./idle.ts";
import { lookUp, put, remove } from "./id-table.ts";

/** Whether the queue of the app, which counts over all its revisions, is full. In a revision without a machine one invocation may always wait, because with a queue of 0 the revision could never begin. */
export function queueIsFull(revision: RevisionState): boolean {
  const { bound, waiting, app, limits } = revision;
  // Callers choose how many revisions there are that serve one key each, so that these have no such place.
  if (limits.apart !== undefined) return waiting >= limits.apart.queue || app.waiting >= Math.max(1, limits.queue);
  if (bound === 0 && waiting === 0) return false;
  return app.waiting >= limits.queue;
}

export function enqueue(state: PackingState, revision: RevisionState, invocation: InvocationId): void {
  put(state.invocations, invocation, -revision.number);
  revision.queue.push(invocation);
  revision.waiting++;
  revision.app.waiting++;
  if (revision.hungry) return;
  revision.hungry = true;
  state.hungry.push(revision.id);
}

/** Takes out the invocation that waits longest. */
export function dequeue(state: PackingState, revision: RevisionState): InvocationId | undefined {
  while (revision.waiting > 0) {
    const invocation = revision.queue[revision.head++] as number;
    if (!isWaiting(state, revision, invocation)) continue;
    remove(state.invocations, invocation);
    revision.waiting--;
    revision.app.waiting--;
    compact(revision);
    return invocation;
  }
  return undefined;
}

/** Lets the waiting invocations of `from` wait for `to`, behind those that wait there already. */
export function moveWaiting(state: PackingState, from: RevisionState, to: RevisionState, now: number): void {
  const moved = from.waiting;
  if (moved === 0) return;
  noteIdleEnd(to, undefined, now);
  if (to.waiting === 0) to.servedAt = now;
  for (let invocation = dequeue(state, from); invocation !== undefined; invocation = dequeue(state, from)) enqueue(state, to, invocation);
  changeLoad(to.demand, moved, now, windowMs(state));
}

/** Takes out an invocation that was given up. Its place in the queue is skipped later. */
export function abandon(state: PackingState, invocation: InvocationId): RevisionState | undefined {
  const number = -(lookUp(state.invocations, invocation) ?? 0);
  const name = number > 0 ? state.revisionIds[number] : undefined;
  const revision = name === undefined ? undefined : state.revisions.get(name);
  if (revision === undefined) return undefined;
  remove(state.invocations, invocation);
  revision.waiting--;
  revision.app.waiting--;
  if (revision.queue.length - revision.head > 2 * revision.waiting + 16) dropAbandoned(state, revision);
  return revision;
}

function isWaiting(state: PackingState, revision: RevisionState, invocation: InvocationId): boolean {
  return lookUp(state.invocations, invocation) === -revision.number;
}

function dropAbandoned(state: PackingState, revision: RevisionState): void {
  revision.queue = revision.queue.slice(revision.head).filter((invocation) => isWaiting(state, revision, invocation));
  revision.head = 0;
}

function compact(revision: RevisionState): void {
  if (revision.waiting === 0) {
    revision.queue.length = 0;
    revision.head = 0;
  } else if (revision.head > 1024 && revision.head * 2 > revision.queue.length) {
    revision.queue = revision.queue.slice(revision.head);
    revision.head = 0;
  }
}
