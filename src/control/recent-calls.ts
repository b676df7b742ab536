/** The last calls of an app, on a server that apps are developed on. */
import { MayflyError } from "../base/errors/error.ts";
import type { EndedCall } from "../recent-calls/ended-call.ts";
import type { RecentCalls } from "../recent-calls/recent-calls.ts";
import type { Replayed } from "../recent-calls/collect-reply.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";

export interface RecentCallParts {
  catalog: Pick<Catalog, "names">;
  /** Undefined: apps are not developed on this server. */
  recentCalls: RecentCalls | undefined;
}

export interface RecentCallsOfApp {
  /** The newest first. */
  all(): EndedCall[];
  /** Calls back with each call that ends from now on. Returns a function that stops it. */
  follow(listener: (call: EndedCall) => void): () => void;
  /** Rejects with "no-such-call", and with what the function fails with. */
  replay(invocation: string): Promise<Replayed>;
  hold(ms: number): void;
  release(): void;
}

/** Throws "no-such-app" and "not-in-development". */
export function recentCallsOf({ catalog, recentCalls }: RecentCallParts, tenant: string, name: string): RecentCallsOfApp {
  const app = appIdOf(catalog.names, tenant, name);
  if (recentCalls === undefined) throw new MayflyError("not-in-development");
  return {
    all: () => recentCalls.of(app),
    follow: (listener) => recentCalls.follow(app, listener),
    replay: (invocation) => recentCalls.replay(app, invocation),
    hold: (ms) => recentCalls.hold(app, ms),
    release: () => recentCalls.release(app),
  };
}
