/** How a buffered Lambda handler says that it is through: by what it returns, by a promise, or by callback and context. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";

type Handler = (...parameters: never[]) => unknown;

/** Code that may be given more than its named parameters, or hands on what it was given. */
const takesMore = /\.\.\.|\barguments\b|\[native code\]/;

/** Whether the handler can get at the context or the callback at all. */
function canComplete(handler: Handler): boolean {
  return handler.length >= 2 || takesMore.test(Function.prototype.toString.call(handler));
}

/**
 * Whether what a handler returned at once says nothing yet. Old code starts its work, returns nothing, or what the work is done by (a server, a
 * stream, a timer), and completes by the callback or the context later.
 *
 * @param result no promise
 */
export function saysNothing(result: unknown, handler: Handler): boolean {
  if (handler.length >= 3) return true;
  return (result === undefined || !(isPlain(result) || isReply(result))) && canComplete(handler);
}

/** Of a class of the app's own; a server's or a stream's status code is another matter. */
function isReply(value: unknown): boolean {
  return typeof value === "object" && value !== null && "statusCode" in value && !("on" in value);
}

/** What JSON holds, and no instance of a class: for example no server. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" && typeof value !== "function") return true;
  if (value === null || Array.isArray(value)) return true;
  if (typeof value === "function") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another context's objects, the prototype's prototype is null as well.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Where neither ever comes, the log says what was waited for. */
export function explainTimeout(invocation: Invocation, failures: Failures): void {
  invocation.onAbort = (reason) => {
    if (reason.name !== "TimeoutError") return;
    const what =
      "the handler returned neither a result nor a promise, and did not call its callback or context.succeed, done or fail in time";
    failures.afterwards(invocation, what);
  };
}
