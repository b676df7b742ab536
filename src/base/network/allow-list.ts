/**
 * Lists of addresses that may be reached: "host:port", "*.domain:port", "address:port" or "cidr:port". IPv6 addresses stand in brackets; the port may be *.
 */
import type { BlockList } from "node:net";
import { isIn, listOf } from "./denied.ts";
import { embedded, parseIp, type Ip } from "./ip.ts";

export interface Entry {
  text: string;
  /** In lower case; undefined if the entry is an address or a range. If it begins with "*.", it stands for all names below the rest. */
  name?: string;
  range?: Range;
  /** Undefined means any port. */
  port?: number;
}

interface Range {
  list: BlockList;
  first: Ip;
  /** The number of leading bits that all addresses of the entry share. */
  bits: number;
}

export interface AllowList {
  /** @param port if undefined, whether some port is allowed */
  allows(host: string, ip: Ip, port: number | undefined): boolean;
  /** Like `allows`, but only by an entry that names this port itself, not by `*`. */
  names(host: string, ip: Ip, port: number): boolean;
}

const WILDCARD = "*.";

export const entriesLookLike = "entries look like db.internal:5432, *.db.internal:5432, 10.1.0.0/16:*, [fd00::1]:443";

/** Texts that are not valid entries allow nothing. */
export function allowListOf(entries: string[]): AllowList {
  const parsed = entries.flatMap((text) => parseEntry(text) ?? []);
  return {
    allows: (host, ip, port) => parsed.some((entry) => matches(entry, host, ip) && matchesPort(entry, port)),
    names: (host, ip, port) => parsed.some((entry) => matches(entry, host, ip) && entry.port === port),
  };
}

function matches(entry: Entry, host: string, ip: Ip): boolean {
  if (entry.range === undefined) return isNamed(entry, host.toLowerCase().replace(/\.$/, ""));
  const { list } = entry.range;
  return [ip, ...embedded(ip)].some((form) => isIn(list, form));
}

/** @param name in lower case, without a final dot; if it begins with "*.", whether all names that it stands for are named */
export function isNamed({ name: own = "" }: Entry, name: string): boolean {
  return name === own || (own.startsWith(WILDCARD) && name.endsWith(own.slice(1)));
}

function matchesPort(entry: Entry, port: number | undefined): boolean {
  return port === undefined || entry.port === undefined || entry.port === port;
}

/** Returns undefined if the text is not a valid entry. */
export function parseEntry(text: string): Entry | undefined {
  const parts = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]/\s]+))(?:\/(?<length>\d{1,3}))?:(?<port>\d{1,5}|\*)$/.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const port = parts["port"] === "*" ? {} : { port: Number(parts["port"]) };
  if (port.port !== undefined && (port.port < 1 || port.port > 65_535)) return undefined;
  const address = parseIp(parts["v6"] ?? (parts["host"] as string));
  if (address !== undefined) return ofRange(text, address, parts["length"], port);
  if (parts["v6"] !== undefined || parts["length"] !== undefined) return undefined;
  const name = (parts["host"] as string).toLowerCase().replace(/\.$/, "");
  return isName(name.startsWith(WILDCARD) ? name.slice(WILDCARD.length) : name) ? { text, name, ...port } : undefined;
}

/** Whether the text can be a host's name. Dotted numbers that are not an address are a typing mistake: no host has such a name. */
function isName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => /^[\w-]{1,63}$/.test(label)) && !/(^|\.)(\d+|0x[\da-f]*)$/.test(name);
}

function ofRange(text: string, first: Ip, length: string | undefined, port: { port?: number }): Entry | undefined {
  const most = first.family === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) return undefined;
  const list = listOf(length === undefined ? first.address : `${first.address}/${bits}`);
  return { text, range: { list, first, bits }, ...port };
}
