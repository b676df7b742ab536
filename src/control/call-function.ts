/** A call of a function over HTTP that does not come through the gateway, as of somebody who tries it out. */
import { asMayflyError, MayflyError } from "../base/errors/error.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { Dispatcher, InvocationHandle } from "../dispatch/invocation.ts";
import { collectReply, type Replayed } from "../recent-calls/collect-reply.ts";
import type { Names } from "../store/catalog/catalog.ts";
import type { TraceContext } from "../wire/host-end.ts";
import { type CalleeParts, calleeOf } from "./event-callees.ts";
import { appIdOf } from "./names.ts";

export interface CallFunctionParts {
  names: Pick<Names, "holder">;
  callees: CalleeParts;
  dispatcher: Dispatcher;
  clock: Pick<Clock, "now">;
}

export interface TriedCall {
  function: string;
  /** An alias or a revision; undefined: `live`. */
  version: string | undefined;
  method: string;
  /** An absolute URL. */
  url: string;
  /** As the function gets them: name, value, name, value…; with those of a function that keeps tenants apart, if it does. */
  headers: (keepsApart: boolean) => string[];
  /** The tenant id that the call is for, if the caller names one. */
  tenantKey: string | undefined;
  body: Buffer | null;
  trace: TraceContext;
  /** Aborted when nobody waits for the reply any more. */
  signal: AbortSignal;
}

export interface TriedReply {
  /** Milliseconds from the call to the end of the reply. */
  ms: number;
  /** The call's id; null if it was refused before it had one. */
  invocation: string | null;
  /** What the function answered, or the error that took the place of its answer. */
  outcome: Replayed | MayflyError;
}

/**
 * Calls the function, as the gateway would: what the call fails with is a reply, too. Of a longer body than a MiB, the beginning is kept.
 * Rejects with "no-such-app", "no-such-function", "no-such-version" and "body-too-large".
 */
export async function callFunction(
  { names, callees, dispatcher, clock }: CallFunctionParts,
  tenant: string,
  appName: string,
  { function: name, version, method, url, headers, tenantKey, body, trace, signal }: TriedCall,
): Promise<TriedReply> {
  const app = appIdOf(names, tenant, appName);
  const { branch, timeoutMs, bodyLimitBytes, event, isolated } = calleeOf(callees, app, name, version);
  if (body !== null && body.length > bodyLimitBytes) throw new MayflyError("body-too-large", { limit: bodyLimitBytes });
  const began = clock.now();
  let handle: InvocationHandle | undefined;
  const input = { kind: "http", event, method, url, headers: headers(isolated) } as const;
  const request = { app, appName, function: name, branch, tenantKey, timeoutMs, attempt: 1, trace, input, body };
  const reply = collectReply((collecting) => (handle = dispatcher.dispatch(request, collecting)));
  const outcome = await orAborted(reply, signal, () => handle?.abort()).catch(asMayflyError);
  return { ms: clock.now() - began, invocation: handle?.id ?? null, outcome };
}

/** Nothing is called on the reply of a call that was aborted, so that it would never settle. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal, abort: () => void): Promise<T> {
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    abort();
    reject(signal.reason);
  };
  if (signal.aborted) onAbort();
  // The signal is the server's own, and the listener does not throw.
  // oxlint-disable-next-line mayfly/guarded-listeners
  else signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([promise, gone]).finally(() => signal.removeEventListener("abort", onAbort));
}
