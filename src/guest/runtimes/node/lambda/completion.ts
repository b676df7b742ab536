/** How a buffered Lambda handler completes: by what it returns, by a promise, or by the callback and the context. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";

type Handler = (...parameters: never[]) => unknown;

/** The code of a handler that may use more than its named parameters, or pass them on. */
const takesMore = /\.\.\.|\barguments\b|\[native code\]/;
/** What may stand before the parameters, unless there is one without parentheses. */
const beforeParameters = /^(?:async\s*)?(?:function\b\s*\*?)?\s*[\w$]*\s*\(/;

/** Whether the handler can use the context or the callback at all. */
function canComplete(handler: Handler): boolean {
  if (handler.length >= 2) return true;
  const code = Function.prototype.toString.call(handler);
  return takesMore.test(code) || namesTwo(code);
}

/** Whether a function has two parameters or more, as far as its code tells: `length` does not count those from the first default value on. */
function namesTwo(code: string): boolean {
  const start = beforeParameters.exec(code)?.[0].length;
  if (start === undefined) return false;
  let depth = 1;
  for (let at = start; at < code.length && depth > 0; at++) {
    const character = code[at]!;
    if ("\"'`".includes(character)) at = endOfText(code, at);
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth === 1) return /^\s*[^\s)]/.test(code.slice(at + 1));
  }
  return false;
}

function endOfText(code: string, start: number): number {
  let at = start + 1;
  while (at < code.length && code[at] !== code[start]) at += code[at] === "\\" ? 2 : 1;
  return at;
}

/**
 * Whether the handler's immediate return value is no result yet. Old code starts its work, returns nothing or the object that does the work
 * (a server, a stream, a timer), and completes through the callback or the context later.
 * @param result must not be a promise
 */
export function saysNothing(result: unknown, handler: Handler): boolean {
  if (handler.length >= 3) return true;
  return (result === undefined || !(isPlain(result) || isReply(result))) && canComplete(handler);
}

/** Whether it is a reply of a class of the app's own. The status code of a server or a stream does not count. */
function isReply(value: unknown): boolean {
  return typeof value === "object" && value !== null && "statusCode" in value && !("on" in value);
}

/** Whether JSON can hold the value and it is not an instance of a class, such as a server. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" && typeof value !== "function") return true;
  if (value === null || Array.isArray(value)) return true;
  if (typeof value === "function") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another context has a prototype whose own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** If neither a result nor a completion ever comes, the log says what was waited for. */
export function explainTimeout(invocation: Invocation, failures: Failures): void {
  invocation.onAbort = (reason) => {
    if (reason.name !== "TimeoutError") return;
    const what =
      "the handler returned neither a result nor a promise, and did not call its callback or context.succeed, done or fail in time";
    failures.afterwards(invocation, what);
  };
}
