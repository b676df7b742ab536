/** dns.lookup and the address queries of dns, answered by the host; other records are not to be had. */
import dns, { type LookupAddress } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { FrameType, type ResolveMessage, type ResolvedMessage } from "../../wire/protocol.ts";
import type { Connection } from "../connection.ts";
import { networkError, noNetwork, refusedByHost } from "./failure.ts";
import { isHost, onTheWire } from "./host-name.ts";
import { isLocal } from "./local.ts";
import type { Permission } from "./network.ts";

type Family = ResolveMessage["family"];
type Resolve = (host: string, family: Family, syscall: string) => Promise<LookupAddress[]>;
type Options = { family?: number | "IPv4" | "IPv6"; all?: boolean } | number | null | undefined;
type Callback = (error: Error | null, ...results: unknown[]) => void;
type Query = (host: string, ...rest: unknown[]) => Promise<unknown>;

const addressQueries = { resolve4: [4, "queryA"], resolve6: [6, "queryAaaa"] } as const;
const otherQueries = ["resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr", "resolveNs", "resolvePtr"].concat([
  "resolveSoa",
  "resolveSrv",
  "resolveTlsa",
  "resolveTxt",
  "reverse",
]);

const nativeDns = { lookup: dns.lookup as (...parameters: unknown[]) => unknown, resolve4: dns.resolve4, resolve: dns.resolve };
const nativeLookup = dns.promises.lookup as (...parameters: unknown[]) => Promise<unknown>;

export function captureLookup(connection: Connection, permission: Permission): void {
  const resolve: Resolve = (host, family, syscall) => resolveAnywhere(connection, permission.egress, host, family, syscall);
  const lookup = async (host: string, options: Options): Promise<LookupAddress | LookupAddress[]> => {
    const { family, all } = lookupOptions(options);
    const addresses = await resolve(host, family, "getaddrinfo");
    return all ? addresses : addresses[0]!;
  };
  setAll([dns.promises], { lookup: lookupPromise(lookup), ...queries(resolve) });
  setAll([dns], { lookup: lookupCallback(lookup), ...callbackQueries(resolve) });
  setAll([dns.promises.Resolver.prototype], queries(resolve));
  setAll([dns.Resolver.prototype], callbackQueries(resolve));
  syncBuiltinESMExports();
}

/** What is wrong with options and callbacks Node says itself: it is asked for an address that is one already. */
const ANY_ADDRESS = "127.0.0.1";

function lookupPromise(lookup: (host: string, options: Options) => Promise<unknown>) {
  return (host: unknown, options?: Options): Promise<unknown> => {
    if (!isHost(host)) return nativeLookup(host, options);
    void nativeLookup(ANY_ADDRESS, options);
    return lookup(host, options);
  };
}

function lookupCallback(lookup: (host: string, options: Options) => Promise<LookupAddress | LookupAddress[]>) {
  const asNode = (host: unknown, ...rest: unknown[]): unknown => {
    if (!isHost(host)) return nativeDns.lookup(host, ...rest);
    const callback = rest.at(-1);
    if (typeof callback !== "function") return nativeDns.lookup(ANY_ADDRESS, ...rest);
    nativeDns.lookup(ANY_ADDRESS, ...rest.slice(0, -1), () => {});
    const options = rest.length > 1 ? (rest[0] as Options) : undefined;
    return callBack(lookup(host, options), callback as Callback, (found) => spread(found as LookupAddress));
  };
  return Object.assign(asNode, { [promisify.custom]: lookupPromise(lookup) });
}

async function resolveAnywhere(
  connection: Connection,
  allowed: boolean,
  host: string,
  family: Family,
  syscall: string,
): Promise<LookupAddress[]> {
  const literal = isIP(host) as Family;
  if (literal === 4 || literal === 6) return [{ address: host, family: literal }];
  if (isLocal(host)) return [family === 6 ? { address: "::1", family: 6 } : { address: "127.0.0.1", family: 4 }];
  if (!allowed) throw noNetwork(syscall, host);
  return ask(connection, { host: onTheWire(host, syscall), family }, (code, message) => refusedByHost(code, syscall, host, message));
}

function ask(connection: Connection, message: ResolveMessage, refused: (code: number, message: string) => Error): Promise<LookupAddress[]> {
  return new Promise((fulfil, reject) => {
    const stream = connection.open({
      answer(found) {
        connection.close(stream!);
        fulfil((found as ResolvedMessage).addresses);
      },
      reset(code, text) {
        connection.close(stream!);
        reject(refused(code, text));
      },
      data() {},
      credit() {},
    });
    if (stream !== undefined) connection.writer.json(FrameType.Resolve, stream, message);
    else reject(networkError("EMFILE", "getaddrinfo", message.host, "this machine has too many connections open"));
  });
}

function queries(resolve: Resolve): Record<string, Query> {
  const all: Record<string, Query> = {};
  for (const [name, [family, syscall]] of Object.entries(addressQueries))
    all[name] = async (host, options) => {
      checkQuery(host);
      const found = await resolve(host, family, syscall);
      return found.map(({ address }) => (wantsTtl(options) ? { address, ttl: 0 } : address));
    };
  for (const name of otherQueries)
    all[name] = (host) => Promise.reject(networkError("ENOTSUP", name, host, "only addresses can be looked up in a machine"));
  all["resolve"] = (host, type = "A") => queryOf(all, type)(host);
  return all;
}

function queryOf(all: Record<string, Query>, type: unknown): Query {
  if (type === "A") return all["resolve4"]!;
  if (type === "AAAA") return all["resolve6"]!;
  const other = otherQueries.find((name) => name.toLowerCase() === `resolve${String(type).toLowerCase()}`);
  if (other !== undefined) return all[other]!;
  // Node says what is wrong with the type.
  return async (host) => (nativeDns.resolve as unknown as (...parameters: unknown[]) => unknown)(host, type, () => {});
}

function checkQuery(host: unknown): void {
  if (typeof host !== "string") nativeDns.resolve4(host as string, () => {});
}

/** The host does not say how long an answer holds: not at all is true at any rate. */
function wantsTtl(options: unknown): boolean {
  return typeof options === "object" && options !== null && "ttl" in options && options.ttl === true;
}

function callbackQueries(resolve: Resolve): Record<string, unknown> {
  return Object.fromEntries(Object.entries(queries(resolve)).map(([name, query]) => [name, withCallback(query)]));
}

/** The last argument is the callback; what comes before goes to the promise version. */
function withCallback(query: Query) {
  return (...parameters: unknown[]): void => {
    const callback = parameters.pop() as Callback;
    if (typeof callback !== "function") throw new TypeError("the last argument must be a callback");
    callBack(query(...(parameters as [string])), callback, (result) => [result]);
  };
}

/** Out of the promise, so that what the callback throws is an uncaught exception as usual. */
function callBack(asked: Promise<unknown>, callback: Callback, results: (result: unknown) => unknown[]): void {
  asked.then(
    (result) => process.nextTick(callback, null, ...results(result)),
    (error: unknown) => process.nextTick(callback, error),
  );
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
