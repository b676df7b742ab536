/** Invocations without a machine: one bounded queue for each app, first come, first served. */
import type { InvocationId } from "../policy.ts";
import type { AppState, PackingState } from "./packing-state.ts";
import { lookUp, put, remove } from "./id-table.ts";

/** An app with no machine yet may always have one invocation waiting: with a queue of 0 it could never begin. */
export function queueIsFull(app: AppState): boolean {
  const limit = app.bound === 0 ? Math.max(app.limits.queue, 1) : app.limits.queue;
  return app.waiting >= limit;
}

export function enqueue(state: PackingState, app: AppState, invocation: InvocationId): void {
  put(state.invocations, invocation, -app.number);
  app.queue.push(invocation);
  app.waiting++;
  if (app.hungry) return;
  app.hungry = true;
  state.hungry.push(app.name);
}

/** The one that waits longest, no longer waiting. */
export function dequeue(state: PackingState, app: AppState): InvocationId | undefined {
  while (app.waiting > 0) {
    const invocation = app.queue[app.head++] as number;
    if (!isWaiting(state, app, invocation)) continue;
    remove(state.invocations, invocation);
    app.waiting--;
    compact(app);
    return invocation;
  }
  return undefined;
}

/** Takes one out of the middle; its place in the queue is skipped later. */
export function abandon(state: PackingState, invocation: InvocationId): AppState | undefined {
  const number = -(lookUp(state.invocations, invocation) ?? 0);
  const name = number > 0 ? state.appNames[number] : undefined;
  const app = name === undefined ? undefined : state.apps.get(name);
  if (app === undefined) return undefined;
  remove(state.invocations, invocation);
  app.waiting--;
  if (app.queue.length - app.head > 2 * app.waiting + 16) dropAbandoned(state, app);
  return app;
}

function isWaiting(state: PackingState, app: AppState, invocation: InvocationId): boolean {
  return lookUp(state.invocations, invocation) === -app.number;
}

function dropAbandoned(state: PackingState, app: AppState): void {
  app.queue = app.queue.slice(app.head).filter((invocation) => isWaiting(state, app, invocation));
  app.head = 0;
}

function compact(app: AppState): void {
  if (app.waiting === 0) {
    app.queue.length = 0;
    app.head = 0;
  } else if (app.head > 1024 && app.head * 2 > app.queue.length) {
    app.queue = app.queue.slice(app.head);
    app.head = 0;
  }
}
