/**
 * Looks up one name as getaddrinfo would, through /etc/hosts and DNS. c-ares sends the queries, because it needs no thread and can be
 * cancelled. A thread that waits in getaddrinfo for a silent name server can't be cancelled, and all apps share few such threads.
 */
import { promises as dns, type LookupAddress } from "node:dns";
import { networkInterfaces } from "node:os";
import { type HostsFile, openHostsFile } from "./hosts-file.ts";
import { parseIp } from "../base/network/ip.ts";
import { candidates, parseSearchList } from "./search-list.ts";
import { watchedFile } from "./watched-file.ts";

/** Rejects with getaddrinfo's errors; immediately if the signal is already aborted. */
export type LookUp = (name: string, signal: AbortSignal) => Promise<LookupAddress[]>;

export interface LookUpOptions {
  /** "address:port" of each name server. Default: those of /etc/resolv.conf. */
  servers?: string[];
  hostsFile?: string;
  resolvConf?: string;
}

/** The first query is repeated after this time, the second after twice this time. */
const REPEAT_MS = 1_200;
/** At most this many resolvers are kept for later look-ups. */
const MOST_IDLE = 32;
/** How long the addresses of one family wait for those of the other family. */
const OTHER_FAMILY_MS = 1_000;

/** @see createNames, which limits how many look-ups run, and for how long */
export function openLookUp({ servers, hostsFile, resolvConf = "/etc/resolv.conf" }: LookUpOptions = {}): LookUp {
  const hosts = openHostsFile(hostsFile);
  // The name servers are part of a resolver, so both are replaced when the file changes.
  const settings = watchedFile(resolvConf, (text) => ({ search: parseSearchList(text), idle: [] as dns.Resolver[] }));
  return async (name, signal) => {
    signal.throwIfAborted();
    const lower = name.toLowerCase();
    const known = numeric(lower) ?? local(lower, hosts);
    if (known.length > 0) return known;
    if (!isName(lower)) throw lookUpError("ENOTFOUND", name);
    const { search, idle } = settings();
    const resolver = idle.pop() ?? newResolver(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await askFor(resolver, name, candidates(lower, search), signal);
    } finally {
      signal.removeEventListener("abort", cancel);
      // Cancels the query for the other family, which is no longer awaited.
      resolver.cancel();
      if (idle.length < MOST_IDLE) idle.push(resolver);
    }
  };
}

/**
 * A resolver serves one look-up at a time, because cancelling stops all its queries. Resolvers are reused, since making one takes three
 * times as long as the look-up's own work.
 */
function newResolver(servers: string[] | undefined): dns.Resolver {
  const resolver = new dns.Resolver({ timeout: REPEAT_MS, tries: 3 });
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}

/** An error of the same shape as getaddrinfo's. */
export function lookUpError(code: "ENOTFOUND" | "EAI_AGAIN", given: string): Error {
  const name = shown(given);
  return Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: "getaddrinfo", hostname: name });
}

/** Shortens a text that a function chose, which may be long. */
export function shown(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** The address of a number in any notation that inet_aton(3) accepts: 127.1, 0x7f000001, 017700000001. */
function numeric(name: string): LookupAddress[] | undefined {
  if (!/^[\da-fx.]+$/.test(name) || !/(^|\.)(\d+|0x[\da-f]*)\.?$/.test(name)) return undefined;
  const ip = URL.canParse(`http://${name}/`) ? parseIp(new URL(`http://${name}/`).hostname) : undefined;
  return ip === undefined ? undefined : [{ address: ip.address, family: ip.family }];
}

/** localhost always means this host (RFC 6761), whatever the name server would answer. */
function local(lower: string, hosts: HostsFile): LookupAddress[] {
  const name = lower.replace(/\.$/, "");
  const found = hosts(name).map(({ address, family }) => ({ address, family }));
  if (found.length > 0 || !/(^|\.)localhost$/.test(name)) return found;
  return [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ];
}

function isName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return plain.length <= 253 && plain.split(".").every((label) => /^[\w-]{1,63}$/.test(label));
}

/** As in getaddrinfo, a name server's failure ends the search, because its answer for this name remains unknown. */
async function askFor(resolver: dns.Resolver, name: string, names: string[], signal: AbortSignal): Promise<LookupAddress[]> {
  for (const candidate of names) {
    const found = await askBoth(resolver, candidate, name);
    signal.throwIfAborted();
    if (found.length > 0) return found;
  }
  throw lookUpError("ENOTFOUND", name);
}

async function askBoth(resolver: dns.Resolver, candidate: string, name: string): Promise<LookupAddress[]> {
  const four = addresses(resolver.resolve4(candidate), 4);
  const six = addresses(resolver.resolve6(candidate), 6);
  const both = Promise.all([four, six]);
  await Promise.race([both, Promise.race([someOf(four), someOf(six)]).then(pause)]);
  const answers = await Promise.all([four, six].map((answer) => Promise.race([answer, Promise.resolve(undefined)])));
  const found = (sixFirst() ? answers.toReversed() : answers).flatMap((answer) => answer?.found ?? []);
  if (found.length === 0 && answers.some((answer) => answer?.trouble === true)) throw lookUpError("EAI_AGAIN", name);
  return found;
}

interface Answer {
  found: LookupAddress[];
  /** The name server did not answer, or answered that it could not. */
  trouble: boolean;
}

/** Never rejects. */
async function addresses(asked: Promise<string[]>, family: 4 | 6): Promise<Answer> {
  try {
    return { found: (await asked).map((address) => ({ address, family })), trouble: false };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { found: [], trouble: code !== "ENOTFOUND" && code !== "ENODATA" };
  }
}

/** Resolves only if the answer has addresses. */
async function someOf(answer: Promise<Answer>): Promise<void> {
  const { found } = await answer;
  if (found.length === 0) await new Promise<never>(() => {});
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, OTHER_FAMILY_MS).unref());
}

/** A short form of RFC 6724: IPv6 addresses come first if this host has a public IPv6 address. */
function sixFirst(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ family, address, internal }) => family === "IPv6" && !internal && /^[23]/.test(address));
}
