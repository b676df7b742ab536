/** The manifest's `network.allow`: "host:port", "address:port", "cidr:port", IPv6 in brackets, port may be *. */
import type { BlockList } from "node:net";
import { MayflyError } from "../errors/error.ts";
import { isIn, listOf } from "./denied.ts";
import { embedded, parseIp, type Ip } from "./ip.ts";

interface Entry {
  /** Lower case; undefined where the entry is an address or a range. */
  name?: string;
  list?: BlockList;
  /** undefined: any. */
  port?: number;
}

export interface AllowList {
  /** @param port undefined: on some port */
  allows(host: string, ip: Ip, port: number | undefined): boolean;
  /** As `allows`, by an entry that names this very port. */
  names(host: string, ip: Ip, port: number): boolean;
}

/** Throws "bad-manifest" for an entry that is none of these. */
export function parseAllowList(entries: string[]): AllowList {
  const parsed = entries.map(parseEntry);
  return {
    allows: (host, ip, port) => parsed.some((entry) => matches(entry, host, ip) && matchesPort(entry, port)),
    names: (host, ip, port) => parsed.some((entry) => matches(entry, host, ip) && entry.port === port),
  };
}

function matches(entry: Entry, host: string, ip: Ip): boolean {
  if (entry.list === undefined) return entry.name === host.toLowerCase().replace(/\.$/, "");
  const { list } = entry;
  return [ip, ...embedded(ip)].some((form) => isIn(list, form));
}

function matchesPort(entry: Entry, port: number | undefined): boolean {
  return port === undefined || entry.port === undefined || entry.port === port;
}

function parseEntry(text: string): Entry {
  const parts = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]/\s]+))(?:\/(?<length>\d{1,3}))?:(?<port>\d{1,5}|\*)$/.exec(text)?.groups;
  if (parts === undefined) throw badEntry(text);
  const port = parts["port"] === "*" ? {} : { port: portOf(text, parts["port"] as string) };
  const address = parseIp(parts["v6"] ?? (parts["host"] as string));
  if (address !== undefined) return { list: rangeOf(text, address, parts["length"]), ...port };
  if (parts["v6"] !== undefined || parts["length"] !== undefined) throw badEntry(text);
  return { name: (parts["host"] as string).toLowerCase().replace(/\.$/, ""), ...port };
}

function portOf(text: string, port: string): number {
  const number = Number(port);
  if (number < 1 || number > 65_535) throw badEntry(text);
  return number;
}

function rangeOf(text: string, { address, family }: Ip, length: string | undefined): BlockList {
  if (length === undefined) return listOf(address);
  if (Number(length) > (family === 4 ? 32 : 128)) throw badEntry(text);
  return listOf(`${address}/${length}`);
}

function badEntry(text: string): MayflyError {
  const what = `network.allow has "${text}"; entries look like db.internal:5432, 10.1.0.0/16:*, [fd00::1]:443`;
  return new MayflyError("bad-manifest", { file: "mayfly.json", what });
}
