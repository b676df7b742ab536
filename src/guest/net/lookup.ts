/** dns.lookup, answered by the host, in the order and form that its options ask for. */
import dns, { type LookupAddress } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { FrameType, ResetCode, type ResolveMessage, type ResolvedMessage } from "../../wire/protocol.ts";
import type { Connection } from "../agent/connection.ts";
import { networkError, noNetwork, refusedByHost } from "./failure.ts";
import { isInternalName } from "../../base/network/internal.ts";
import { isHost, onTheWire } from "./host-name.ts";
import { isLocal, type NamesOfHost } from "./local.ts";
import { captureQueries } from "./queries.ts";
import type { Permission } from "./permission.ts";
import type { Resolve, Family } from "./query.ts";

type Order = "ipv4first" | "ipv6first" | "verbatim";
interface LookupOptions {
  family?: number | "IPv4" | "IPv6";
  all?: boolean;
  hints?: number;
  order?: Order;
  verbatim?: boolean;
}
type AnyLookupOptions = LookupOptions | number | null | undefined;
type Callback = (error: Error | null, ...results: unknown[]) => void;
type Lookup = (host: string, options: AnyLookupOptions) => Promise<LookupAddress | LookupAddress[]>;

const nativeLookup = dns.lookup as (...parameters: unknown[]) => unknown;
const nativePromise = dns.promises.lookup as (...parameters: unknown[]) => Promise<unknown>;

export function captureLookup(connection: Connection, permission: Permission, namesOfHost: NamesOfHost): void {
  const resolve: Resolve = async (host, family, syscall) => {
    const found = await resolveAnywhere(connection, permission.egress, host, family, syscall);
    if (!isLocal(host)) namesOfHost.learn(onTheWire(host), found);
    return found;
  };
  const lookup: Lookup = async (host, options) => {
    const wanted = typeof options === "number" ? { family: options } : (options ?? {});
    const found = inOrder(await byFamily(resolve, host, wanted), orderOf(wanted));
    return wanted.all ? found : found[0]!;
  };
  Object.assign(dns.promises, { lookup: lookupPromise(lookup) });
  Object.assign(dns, { lookup: lookupCallback(lookup) });
  captureQueries(resolve);
  syncBuiltinESMExports();
}

/** Wrong options and callbacks are left to Node, which is called with this address; it need not look it up. */
const ANY_ADDRESS = "127.0.0.1";

function lookupPromise(lookup: Lookup) {
  return (host: unknown, options?: AnyLookupOptions): Promise<unknown> => {
    if (!isHost(host)) return nativePromise(host, options);
    void nativePromise(ANY_ADDRESS, options);
    return lookup(host, options);
  };
}

function lookupCallback(lookup: Lookup) {
  const asNode = (host: unknown, ...rest: unknown[]): unknown => {
    if (!isHost(host)) return nativeLookup(host, ...rest);
    const callback = rest.at(-1);
    if (typeof callback !== "function") return nativeLookup(ANY_ADDRESS, ...rest);
    nativeLookup(ANY_ADDRESS, ...rest.slice(0, -1), () => {});
    const options = rest.length > 1 ? (rest[0] as AnyLookupOptions) : undefined;
    const answer = callback as Callback;
    return void lookup(host, options).then(
      (found) => process.nextTick(answer, null, ...(Array.isArray(found) ? [found] : [found.address, found.family])),
      (error: unknown) => process.nextTick(answer, error),
    );
  };
  return Object.assign(asNode, { [promisify.custom]: lookupPromise(lookup) });
}

/** With the hint V4MAPPED, IPv6 addresses of a name that has only IPv4 are made from its IPv4 addresses, as Node does. */
async function byFamily(resolve: Resolve, host: string, { family: asked = 0, hints = 0 }: LookupOptions): Promise<LookupAddress[]> {
  const family = asked === "IPv4" ? 4 : asked === "IPv6" ? 6 : asked === 4 || asked === 6 ? asked : 0;
  if (family !== 6 || (hints & dns.V4MAPPED) === 0) return resolve(host, family, "getaddrinfo");
  const found = await resolve(host, 0, "getaddrinfo");
  const real = found.filter((each) => each.family === 6);
  const mapped = found.filter((each) => each.family === 4).map(({ address }) => ({ address: `::ffff:${address}`, family: 6 }));
  return real.length === 0 || (hints & dns.ALL) !== 0 ? [...real, ...mapped] : real;
}

function orderOf({ order, verbatim }: LookupOptions): Order {
  return order ?? (verbatim === undefined ? dns.getDefaultResultOrder() : verbatim ? "verbatim" : "ipv4first");
}

function inOrder(found: LookupAddress[], order: Order): LookupAddress[] {
  if (order === "verbatim") return found;
  const first = order === "ipv4first" ? 4 : 6;
  return found.toSorted((a, b) => Number(b.family === first) - Number(a.family === first));
}

/** The addresses of a host, which may be an address itself, of the family, or of both if that is 0. Rejects with an error in the form of Node's own. */
export async function resolveAnywhere(
  connection: Connection,
  allowed: boolean,
  host: string,
  family: Family,
  syscall: string,
): Promise<LookupAddress[]> {
  const literal = isIP(host) as Family;
  if (literal === 4 || literal === 6) return [{ address: host, family: literal }];
  if (isLocal(host)) return [family === 6 ? { address: "::1", family: 6 } : { address: "127.0.0.1", family: 4 }];
  if (!allowed && !isInternalName(host)) throw noNetwork(syscall, host);
  return ask(connection, { host: onTheWire(host, syscall), family }, (code, message) => refusedByHost(code, syscall, host, message));
}

const FREEZING = "the machine is about to be frozen";

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
      cut() {
        connection.writer.reset(stream!, ResetCode.Cancelled, FREEZING);
        this.reset(ResetCode.Cancelled, FREEZING);
      },
      data() {},
      credit() {},
    });
    if (stream !== undefined) connection.writer.json(FrameType.Resolve, stream, message);
    else reject(networkError("EMFILE", "getaddrinfo", message.host, "this machine has too many connections open"));
  });
}
