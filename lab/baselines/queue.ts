/** Invocations that wait for a slot of their app: first come, first served. */
import { lookUp, put, remove } from "../../src/policy/core/id-table.ts";
import type { InvocationId } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicState } from "./classic-state.ts";

/** Whether the queue of an app is full. In an app without a machine one invocation may always wait, because with a queue of 0 the app could never begin. */
export function isFull(app: ClassicApp): boolean {
  return app.waiting >= (app.bound === 0 ? Math.max(app.limits.queue, 1) : app.limits.queue);
}

export function enqueue(state: ClassicState, app: ClassicApp, invocation: InvocationId, now: number): void {
  put(state.invocations, invocation, -app.number);
  app.queue.push(invocation);
  app.queuedAt.push(now);
  app.waiting++;
}

/** Takes out the invocation that waits longest. */
export function dequeue(state: ClassicState, app: ClassicApp): InvocationId | undefined {
  while (app.waiting > 0) {
    const invocation = app.queue[app.head++] as number;
    if (lookUp(state.invocations, invocation) !== -app.number) continue;
    remove(state.invocations, invocation);
    app.waiting--;
    cutOff(app);
    return invocation;
  }
  return undefined;
}

/** Takes out the invocation of a caller that gave up. Its place in the queue is skipped later. */
export function leaveQueue(state: ClassicState, app: ClassicApp, invocation: InvocationId): void {
  remove(state.invocations, invocation);
  app.waiting--;
  while (app.head < app.queue.length && lookUp(state.invocations, app.queue[app.head] as number) !== -app.number) app.head++;
  cutOff(app);
}

/** Number of invocations that have waited for longer than `ms`; callers that gave up may be among them. */
export function waitingLonger(app: ClassicApp, ms: number, now: number): number {
  let from = app.head;
  let to = app.queue.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (now - (app.queuedAt[middle] as number) > ms) from = middle + 1;
    else to = middle;
  }
  return Math.min(app.waiting, from - app.head);
}

/** Drops the part of the queue that was served, when that is most of it. */
function cutOff(app: ClassicApp): void {
  if (app.waiting === 0) app.head = app.queue.length;
  if (app.head * 2 < app.queue.length || (app.head < 1_024 && app.waiting > 0)) return;
  app.queue.splice(0, app.head);
  app.queuedAt.splice(0, app.head);
  app.head = 0;
}
