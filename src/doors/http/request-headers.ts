/**
 * The headers that a function receives: the client's, without those meant for one connection only, and with those that the gateway sets.
 * `host` appears once, with the host that the request was routed by. `x-forwarded-for` begins with the client's real address, whatever the
 * client sent; src/clients/origin.ts decides which proxies may add to it, and report another protocol and host.
 */
import type { Claims } from "../../clients/origin.ts";
import { TENANT_HEADER } from "../../store/catalog/isolation.ts";
import type { Granted } from "../access/gate.ts";
import { isGatewaysOwn } from "./gateways-own.ts";
import { isHopByHop } from "../../wire/head.ts";

/** What a request was sent to, and by whom: see Target. */
export interface Addressed {
  host: string;
  /** `chain` is the value of X-Forwarded-For. */
  origin: { chain: string; proto: "http" | "https" };
}

/** How a request was led to its function: see Route. */
export interface Led {
  /** The part of the path that the function does not see; empty if there is none. */
  readonly prefix: string;
  /** Which of the app's `routes` chose the function; absent if none did. */
  readonly byPath?: { key: string; parameters: string };
}

/**
 * Makes one pass over the raw headers, because this is on the hot path.
 * @param raw name, value, name, value …, as node:http gives them
 * @param connection the request's Connection header, which may name further headers that end at the gateway
 * @param granted what the gate found out about the caller; null if it was not asked
 * @param tenantKey the tenant id that the call is kept apart by; undefined: it is not
 */
export function requestHeaders(
  raw: readonly string[],
  connection: string | undefined,
  { host, origin }: Addressed,
  { prefix, byPath }: Led,
  granted: Pick<Granted, "caller" | "withoutAuthorization"> | null,
  tenantKey?: string,
): string[] {
  const named = connection === undefined ? null : namedHeaders(connection);
  const headers = ["host", host];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    if (isHopByHop(name) || isGatewaysOwn(name) || isOfCaller(name)) continue;
    if (granted?.withoutAuthorization === true && isAuthorization(name)) continue;
    if (tenantKey !== undefined && isOfTenant(name)) continue;
    if (named === null || !named.has(name.toLowerCase())) headers.push(name, raw[at + 1]!);
  }
  headers.push("x-forwarded-for", origin.chain, "x-forwarded-proto", origin.proto, "x-forwarded-host", host);
  if (prefix !== "") headers.push("x-forwarded-prefix", prefix);
  if (byPath !== undefined) addRoute(headers, byPath);
  if (tenantKey !== undefined) headers.push(TENANT_HEADER, tenantKey);
  if (granted !== null) headers.push(...granted.caller);
  return headers;
}

/** The agents make routeKey and pathParameters of a Lambda event of them. */
function addRoute(headers: string[], { key, parameters }: { key: string; parameters: string }): void {
  headers.push("x-mayfly-route", key);
  if (parameters !== "") headers.push("x-mayfly-parameters", parameters);
}

/** The X-Forwarded-… headers of the request. They may be believed only if a trusted proxy sent them. */
export function claimsIn(raw: readonly string[]): Claims {
  return { for: joined(raw, "x-forwarded-for"), proto: joined(raw, "x-forwarded-proto"), host: joined(raw, "x-forwarded-host") };
}

function joined(raw: readonly string[], wanted: string): string {
  const values: string[] = [];
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === wanted) values.push(raw[at + 1]!);
  return values.join(",");
}

const OF_CALLER = "x-mayfly-caller";

/**
 * Whether the header says who calls, which only the gateway tells functions. Programs that get headers as environment variables (CGI, WSGI) make
 * `_` of `-`, so that a name with `_` would be the same to them.
 */
function isOfCaller(name: string): boolean {
  if (name.length < OF_CALLER.length) return false;
  const second = name.charCodeAt(1);
  if (second !== MINUS && second !== UNDERSCORE) return false;
  return name.slice(0, OF_CALLER.length).toLowerCase().replaceAll("_", "-") === OF_CALLER;
}

/** Whether programs could take the header for the one with the tenant id: see isOfCaller(). */
function isOfTenant(name: string): boolean {
  return name.length === TENANT_HEADER.length && name.toLowerCase().replaceAll("_", "-") === TENANT_HEADER;
}

const MINUS = 45;
const UNDERSCORE = 95;

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === "authorization";
}

/** Returns null for the usual values, which name no header. */
function namedHeaders(connection: string): Set<string> | null {
  if (connection === "keep-alive" || connection === "close") return null;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}
