/** What events call: a function of an app as it is when they run. */
import { MayflyError } from "../base/errors/error.ts";
import type { Terms } from "../events/accepting.ts";
import type { Destination } from "../events/event.ts";
import type { HttpAbout } from "../events/http-performer.ts";
import type { QueueAbout } from "../events/queue-performer.ts";
import type { Callee, FunctionAbout } from "../events/function-performer.ts";
import { type AsyncDestination, type AsyncRule, usualAsync } from "../store/catalog/async-schema.ts";
import { LIVE, type Names } from "../store/catalog/catalog.ts";
import { keepsApart } from "../store/catalog/isolation.ts";
import type { LambdaEventForm } from "../wire/host-end.ts";
import { nameOfId } from "./names.ts";
import type { Reached } from "./served-apps.ts";

export interface CalleeParts {
  names: Pick<Names, "nameOf">;
  reach: (app: string, label: string) => Reached | undefined;
}

export interface FoundCallee extends Callee {
  rule: AsyncRule;
  /** Of a request's body. */
  bodyLimitBytes: number;
  event: LambdaEventForm;
  /** Whether its calls are kept apart by tenant ids. */
  isolated: boolean;
}

/** Throws "no-such-app" and "no-such-function"; with a version, "no-such-version" if the app has none of that name. */
export function calleeOf(parts: CalleeParts, app: string, name: string, version: string | undefined): FoundCallee {
  const reached = parts.reach(app, version ?? LIVE);
  if (reached === undefined) {
    const appName = nameOfId(parts.names, app);
    throw version === undefined
      ? new MayflyError("no-such-app", { app: appName })
      : new MayflyError("no-such-version", { app: appName, version });
  }
  const { manifest } = reached.revision;
  // The catalog is not asked for it: that took a fifth of what it takes to accept an event.
  const appName = manifest.name;
  const own = Object.hasOwn(manifest.functions, name) ? manifest.functions[name] : undefined;
  if (own === undefined) throw new MayflyError("no-such-function", { app: appName, function: name });
  const rule = own.async ?? usualAsync;
  return {
    appName,
    branch: reached.branch,
    timeoutMs: own.timeoutMs ?? manifest.timeoutMs,
    concurrency: rule.concurrency,
    rule,
    bodyLimitBytes: manifest.bodyLimitBytes,
    event: own.payload === "1.0" ? "http-v1" : "http-v2",
    isolated: keepsApart(manifest, name),
  };
}

/** What becomes of an event of the function: how it is repeated, and where its results go. Throws as calleeOf() does. */
export function termsOf(parts: CalleeParts, app: string, name: string, version: string | undefined): Terms {
  const { attempts, maxAgeS, waitS, mostWaitS, onSuccess, onFailure } = calleeOf(parts, app, name, version).rule;
  const retry = { attempts, maxAgeMs: 1_000 * maxAgeS, waitMs: 1_000 * waitS, mostWaitMs: 1_000 * mostWaitS };
  return { retry, ...(onSuccess && { onSuccess: to(app, onSuccess) }), ...(onFailure && { onFailure: to(app, onFailure) }) };
}

function to(app: string, destination: AsyncDestination): Destination {
  if ("url" in destination) {
    const about: HttpAbout = destination.secret === undefined ? {} : { secret: destination.secret };
    return { lane: { performer: "http", app, target: destination.url }, about };
  }
  if ("queue" in destination) return { lane: { performer: "queue", app, target: destination.queue }, about: {} satisfies QueueAbout };
  const about: FunctionAbout = { input: { kind: "event" } };
  return { lane: { performer: "function", app, target: destination.function }, about };
}
