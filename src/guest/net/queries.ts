/**
 * The queries of dns. The host answers those for addresses; other records, and other name servers than the host's, are refused with a
 * reason.
 */
import dns from "node:dns";
import { isIP } from "node:net";
import { networkError } from "./failure.ts";
import { captureResolvers } from "./resolvers.ts";
import type { Query, Resolve } from "./query.ts";

type Callback = (error: Error | null, result?: unknown) => void;

const addressQueries = { resolve4: [4, "queryA"], resolve6: [6, "queryAaaa"] } as const;
const otherQueries = ["resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr", "resolveNs", "resolvePtr"].concat([
  "resolveSoa",
  "resolveSrv",
  "resolveTlsa",
  "resolveTxt",
  "reverse",
]);

const native = {
  resolve4: dns.resolve4,
  resolve: dns.resolve,
  lookupService: dns.lookupService,
  Resolver: dns.Resolver,
  setServers: dns.Resolver.prototype.setServers,
};

export function captureQueries(resolve: Resolve): void {
  const all = queries(resolve);
  const called = Object.fromEntries(Object.entries(all).map(([name, query]) => [name, withCallback(query)]));
  Object.assign(dns.promises, all, { setServers, lookupService: noService });
  Object.assign(dns, called, { setServers, lookupService: noServiceCalled });
  captureResolvers(all, withCallback, { setServers, setLocalAddress });
}

function queries(resolve: Resolve): Record<string, Query> {
  const all: Record<string, Query> = {};
  for (const [name, [family, syscall]] of Object.entries(addressQueries))
    all[name] = async (host, options) => {
      if (typeof host !== "string") native.resolve4(host, () => {});
      const found = await resolve(host, family, syscall);
      return found.map(({ address }) => (wantsTtl(options) ? { address, ttl: 0 } : address));
    };
  for (const name of otherQueries)
    all[name] = async (host) => {
      if (typeof host !== "string") native.resolve4(host, () => {});
      throw networkError("ENOTSUP", name, host, "only addresses can be looked up in a machine");
    };
  all["resolve"] = function (host, type = "A") {
    return queryOf(all, type).call(this, host);
  };
  return all;
}

function queryOf(all: Record<string, Query>, type: unknown): Query {
  if (type === "A") return all["resolve4"]!;
  if (type === "AAAA") return all["resolve6"]!;
  const other = otherQueries.find((name) => name.toLowerCase() === `resolve${String(type).toLowerCase()}`);
  if (other !== undefined) return all[other]!;
  // Node throws the error about the wrong type.
  return async (host) => (native.resolve as unknown as (...parameters: unknown[]) => unknown)(host, type, () => {});
}

/** Whether the caller wants the time for which an answer is valid. The host does not say, so 0 is given, which is always correct. */
function wantsTtl(options: unknown): boolean {
  return typeof options === "object" && options !== null && "ttl" in options && options.ttl === true;
}

/**
 * Calls the promise version with all parameters except the last, which is the callback. What the callback throws is an uncaught exception
 * as usual.
 */
function withCallback(query: Query) {
  return function (this: unknown, ...parameters: unknown[]): void {
    const callback = (parameters.length > 1 ? parameters.pop() : undefined) as Callback;
    // Node throws the error about wrong parameters.
    if (typeof callback !== "function" || typeof parameters[0] !== "string") native.resolve4(parameters[0] as string, callback);
    query.apply(this, parameters as [string]).then(
      (result) => process.nextTick(callback, null, result),
      (error: unknown) => process.nextTick(callback, error),
    );
  };
}

async function noService(address: unknown, port: unknown): Promise<never> {
  throw noServiceOf(address, port);
}

function noServiceCalled(address: unknown, port: unknown, callback: Callback): void {
  const error = noServiceOf(address, port);
  // Node throws the error about the missing callback.
  if (typeof callback !== "function") native.lookupService("127.0.0.1", 0, callback);
  process.nextTick(callback, error);
}

/** Node throws the error about wrong parameters; it is called with the machine's own address. */
function noServiceOf(address: unknown, port: unknown): Error {
  const isAddress = typeof address === "string" && isIP(address) !== 0;
  native.lookupService(isAddress ? "127.0.0.1" : (address as string), port as number, () => {});
  return networkError("ENOTSUP", "getnameinfo", String(address), "only addresses can be looked up in a machine");
}

function setServers(servers: string[]): void {
  // Node throws the error about wrong servers.
  native.setServers.call(new native.Resolver(), servers);
  throw networkError("ENOTSUP", "setServers", String(servers), "names are looked up by the host, with its name servers");
}

function setLocalAddress(ipv4?: string): void {
  throw networkError("ENOTSUP", "setLocalAddress", String(ipv4), "names are looked up by the host");
}
