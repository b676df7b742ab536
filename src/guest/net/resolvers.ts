/**
 * dns.Resolver: the same queries, but ended by the resolver's own `timeout` and `tries`, and by cancel().
 *
 * Owns: for each resolver its limit, and the queries under way.
 */
import dns, { type ResolverOptions } from "node:dns";
import type { Query } from "./query.ts";

interface UnderWay {
  limitMs: number | undefined;
  ends: Set<(code: string) => void>;
}

const resolvers = new WeakMap<object, UnderWay>();

/** @param refused methods that resolvers have besides queries, and that a machine does not support */
export function captureResolvers(
  queries: Record<string, Query>,
  withCallback: (query: Query) => unknown,
  refused: Record<string, unknown>,
): void {
  const ending = Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, withEnd(name, query)]));
  const called = Object.fromEntries(Object.entries(ending).map(([name, query]) => [name, withCallback(query)]));
  for (const [library, methods] of [
    [dns, called],
    [dns.promises, ending],
  ] as const) {
    const Resolver = knowingOptions(library.Resolver as typeof dns.Resolver);
    Object.assign(Resolver.prototype, methods, refused, { cancel });
    Object.assign(library, { Resolver });
  }
}

function knowingOptions(Native: typeof dns.Resolver): typeof dns.Resolver {
  return class Resolver extends Native {
    constructor(options?: ResolverOptions) {
      super(options);
      resolvers.set(this, { limitMs: limitOf(options), ends: new Set() });
    }
  };
}

/** How long c-ares would try: it doubles the time with each try. */
function limitOf({ timeout = -1, tries = 4 }: ResolverOptions = {}): number | undefined {
  return timeout < 0 ? undefined : Math.min(timeout * (2 ** tries - 1), LONGEST_TIMER_MS);
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function cancel(this: object): void {
  for (const end of resolvers.get(this)?.ends ?? []) end("ECANCELLED");
}

function withEnd(name: string, query: Query): Query {
  return function (this: unknown, host, ...rest) {
    const underWay = resolvers.get(this as object);
    if (underWay === undefined) return query.call(this, host, ...rest);
    return new Promise((fulfil, reject) => {
      const end = (code: string) => {
        leave();
        reject(endedBy(code, syscalls.get(name) ?? name, host));
      };
      const timer = underWay.limitMs === undefined ? undefined : setTimeout(end, underWay.limitMs, "ETIMEOUT");
      const leave = () => {
        underWay.ends.delete(end);
        clearTimeout(timer);
      };
      underWay.ends.add(end);
      query
        .call(this, host, ...rest)
        .then(fulfil, reject)
        .finally(leave);
    });
  };
}

const syscalls = new Map([
  ["resolve", "queryA"],
  ["resolve4", "queryA"],
  ["resolve6", "queryAaaa"],
]);

function endedBy(code: string, syscall: string, hostname: string): Error {
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno: undefined, code, syscall, hostname });
}
