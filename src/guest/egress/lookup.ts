/** dns.lookup and the address queries of dns, answered by the host; other records are not to be had. */
import dns, { type LookupAddress } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { isIP } from "node:net";
import { FrameType, type ResolveMessage, type ResolvedMessage } from "../../wire/protocol.ts";
import type { Connection } from "../connection.ts";
import { networkError, noNetwork, refusedByHost } from "./failure.ts";
import { isLocal } from "./local.ts";
import type { Permission } from "./network.ts";

type Family = ResolveMessage["family"];
type Resolve = (host: string, family: Family) => Promise<LookupAddress[]>;
type Options = { family?: number | "IPv4" | "IPv6"; all?: boolean } | number | undefined;
type Callback = (error: Error | null, ...results: unknown[]) => void;

const addressQueries = { resolve: 4, resolve4: 4, resolve6: 6 } as const;
const otherQueries = ["resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr", "resolveNs", "resolvePtr"].concat([
  "resolveSoa",
  "resolveSrv",
  "resolveTlsa",
  "resolveTxt",
  "reverse",
]);

export function captureLookup(connection: Connection, permission: Permission): void {
  const resolve: Resolve = (host, family) => resolveAnywhere(connection, permission.egress, host, family);
  const lookup = async (host: string, options?: Options) => {
    const { family, all } = lookupOptions(options);
    const addresses = await resolve(host, family);
    return all ? addresses : addresses[0]!;
  };
  setAll([dns.promises], { lookup, ...queries(resolve) });
  setAll([dns], { lookup: withCallback(lookup, spread), ...callbackQueries(resolve) });
  setAll([dns.promises.Resolver.prototype], queries(resolve));
  setAll([dns.Resolver.prototype], callbackQueries(resolve));
  syncBuiltinESMExports();
}

async function resolveAnywhere(connection: Connection, allowed: boolean, host: string, family: Family): Promise<LookupAddress[]> {
  const literal = isIP(host) as Family;
  if (literal === 4 || literal === 6) return [{ address: host, family: literal }];
  if (isLocal(host)) return [family === 6 ? { address: "::1", family: 6 } : { address: "127.0.0.1", family: 4 }];
  if (!allowed) throw noNetwork("getaddrinfo", host);
  return ask(connection, host, family);
}

function ask(connection: Connection, host: string, family: Family): Promise<LookupAddress[]> {
  return new Promise((fulfil, reject) => {
    const stream = connection.open({
      answer(message) {
        connection.close(stream!);
        fulfil((message as ResolvedMessage).addresses);
      },
      reset(code, message) {
        connection.close(stream!);
        reject(refusedByHost(code, "getaddrinfo", host, message));
      },
      data() {},
      credit() {},
    });
    if (stream === undefined) reject(networkError("EMFILE", "getaddrinfo", host, "this machine has too many connections open"));
    else connection.writer.json(FrameType.Resolve, stream, { host, family });
  });
}

function queries(resolve: Resolve): Record<string, (host: string) => Promise<unknown>> {
  const all: Record<string, (host: string) => Promise<unknown>> = {};
  for (const [name, family] of Object.entries(addressQueries))
    all[name] = async (host) => (await resolve(host, family)).map(({ address }) => address);
  for (const name of otherQueries)
    all[name] = (host) => Promise.reject(networkError("ENOTSUP", name, host, "only addresses can be looked up in a machine"));
  return all;
}

function callbackQueries(resolve: Resolve): Record<string, unknown> {
  return Object.fromEntries(Object.entries(queries(resolve)).map(([name, query]) => [name, withCallback(query, (result) => [result])]));
}

/** The last argument is the callback; what comes before goes to the promise version. */
function withCallback(query: (host: string, options?: never) => Promise<unknown>, results: (result: never) => unknown[]) {
  return (...parameters: unknown[]): void => {
    const callback = parameters.pop() as Callback;
    if (typeof callback !== "function") throw new TypeError("the last argument must be a callback");
    // Out of the promise, so that what the callback throws is an uncaught exception as usual.
    query(...(parameters as [string])).then(
      (result) => process.nextTick(callback, null, ...results(result as never)),
      (error: unknown) => process.nextTick(callback, error),
    );
  };
}

function spread(result: LookupAddress | LookupAddress[]): unknown[] {
  return Array.isArray(result) ? [result] : [result.address, result.family];
}

function lookupOptions(options: Options): { family: Family; all: boolean } {
  const { family = 0, all = false } = typeof options === "number" ? { family: options } : (options ?? {});
  const number = family === "IPv4" ? 4 : family === "IPv6" ? 6 : family;
  return { family: number === 4 || number === 6 ? number : 0, all };
}

function setAll(targets: object[], values: Record<string, unknown>): void {
  for (const target of targets) Object.assign(target, values);
}
