/**
 * Outbound connections of one machine.
 *
 * Owns: the sockets it opened, until they close.
 * 1. Every address is checked after the name was resolved, and the connection goes to the checked address: what the name says
 *    a moment later does not matter.
 * 2. What is not the public internet is refused, but for what both the manifest and the operator list. Clouds' metadata never opens.
 * 3. Each machine has a limit of connections. Names are looked up in turns with all other apps' (names.ts).
 * 4. What was asked for and is not wanted any more, or outlived the machine, is not looked up or connected to.
 */
import type { Socket } from "node:net";
import { MayflyError } from "../base/errors/error.ts";
import { allowListOf, type AllowList } from "./allow-list.ts";
import { denialOf, isNeverOpen, isOwn } from "./denied.ts";
import { dial } from "./dial.ts";
import type { Egress, ResolvedAddress } from "./egress.ts";
import { embedded, parseIp, type Ip } from "./ip.ts";
import { lookUpError, shown } from "./look-up.ts";
import { createNames, type Names } from "./names.ts";
import { counted } from "../base/words/counted.ts";

export interface EgressOptions {
  /** The manifest's: "host-or-cidr:port" to be reached though it would be refused otherwise. What is no such entry opens nothing. */
  allow: string[];
  /** The operator's: nothing is opened that is not in this list, too. Default: nothing. */
  bound?: string[];
  /** Ports that Mayfly itself listens on: on this host's addresses an entry must name them; `*` does not open them. */
  ownPorts?: () => Iterable<number>;
  /** Open at once, at most. */
  connections?: number;
  /** ms that one address may take to answer. */
  attemptMs?: number;
  /** Nothing is read from the sockets, so that they can be handed to another process: their user resumes them. */
  unread?: boolean;
  /** Whose machine it is: apps share `names` fairly. */
  app?: string;
  /** Of the whole process. Default: this machine's own. */
  names?: Names;
}

const CONNECTIONS = 256;
const ATTEMPT_MS = 10_000;
/** Addresses of one name that are tried. */
const ATTEMPTS = 4;

export function createEgress(options: EgressOptions): Egress {
  return new CheckedEgress(options);
}

class CheckedEgress implements Egress {
  readonly #options: EgressOptions;
  readonly #allow: AllowList;
  readonly #bound: AllowList;
  readonly #names: Names;
  readonly #sockets = new Set<Socket>();
  readonly #over = new AbortController();
  #opening = 0;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#allow = allowListOf(options.allow);
    this.#bound = allowListOf(options.bound ?? []);
    this.#names = options.names ?? createNames();
  }

  async connect(host: string, port: number, gone?: AbortSignal, name?: string): Promise<Socket> {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw denied(`${shown(host)}:${port}`, "there is no such port");
    const limit = this.#options.connections ?? CONNECTIONS;
    if (this.#opening + this.#sockets.size >= limit)
      throw denied(`${shown(host)}:${port}`, `the machine has ${counted(limit, "connection")} already`);
    const signal = this.#wanted(gone);
    this.#opening++;
    try {
      const addresses = name === undefined ? await this.#allowed(host, port, signal) : [await this.#allowedBy(name, host, port, signal)];
      const { attemptMs = ATTEMPT_MS, unread = false } = this.#options;
      return this.#keep(await dial(addresses.slice(0, ATTEMPTS), port, { attemptMs, gone: signal, unread }));
    } finally {
      this.#opening--;
    }
  }

  async resolve(host: string, family: 0 | 4 | 6, gone?: AbortSignal): Promise<ResolvedAddress[]> {
    const addresses = await this.#allowed(host, undefined, this.#wanted(gone));
    const wanted = addresses.filter((address) => family === 0 || address.family === family);
    if (wanted.length === 0) throw lookUpError("ENOTFOUND", host);
    return wanted;
  }

  close(): void {
    this.#over.abort(new Error("the machine is gone"));
    for (const socket of this.#sockets) socket.destroy();
  }

  #wanted(gone: AbortSignal | undefined): AbortSignal {
    return gone === undefined ? this.#over.signal : AbortSignal.any([this.#over.signal, gone]);
  }

  /** Never empty. */
  async #allowed(host: string, port: number | undefined, signal: AbortSignal): Promise<ResolvedAddress[]> {
    const found = await this.#addresses(host, signal);
    const reasons = found.map((ip) => this.#refusal(host, ip, port));
    const allowed = found.filter((_ip, i) => reasons[i] === undefined);
    if (allowed.length > 0) return allowed.map(({ address, family }) => ({ address, family }));
    throw denied(port === undefined ? shown(host) : `${shown(host)}:${port}`, `it is ${reasons[0]}`);
  }

  /** The one address, and no other that the name has. */
  async #allowedBy(name: string, host: string, port: number, signal: AbortSignal): Promise<ResolvedAddress> {
    const ip = parseIp(host);
    if (ip === undefined) throw denied(`${shown(host)}:${port}`, "it is no address");
    const reason = this.#refusal(host, ip, port);
    if (reason !== undefined) await this.#checkName(name, ip, port, reason, signal);
    return { address: ip.address, family: ip.family };
  }

  /** An address that is closed by itself may be open by its name, if it really is the name's. */
  async #checkName(name: string, ip: Ip, port: number, reason: string, signal: AbortSignal): Promise<void> {
    const opens = this.#refusal(name, ip, port) === undefined;
    if (!opens) throw denied(`${shown(name)}:${port}`, `it is ${reason}`);
    const found = await this.#addresses(name, signal);
    if (!found.some(({ address }) => address === ip.address))
      throw denied(`${shown(name)}:${port}`, `${ip.address}, which is ${reason}, is not its address`);
  }

  async #addresses(host: string, signal: AbortSignal): Promise<Ip[]> {
    signal.throwIfAborted();
    const written = parseIp(host);
    if (written !== undefined) return [written];
    const { app = "" } = this.#options;
    const found = (await this.#names.lookUp(app, host, signal)).flatMap(({ address }) => parseIp(address) ?? []);
    if (found.length === 0) throw lookUpError("ENOTFOUND", host);
    return found;
  }

  #refusal(host: string, ip: Ip, port: number | undefined): string | undefined {
    if (isNeverOpen(ip)) return denialOf(ip);
    const lists = [this.#allow, this.#bound];
    // Mayfly's own ports are refused in the same words as all others: whoever tries port after port is not to find them.
    const isMayfly = port !== undefined && this.#isMayfly(ip, port);
    if (isMayfly && !lists.every((list) => list.names(host, ip, port))) return denialOf(ip) ?? "an address of this host";
    return lists.every((list) => list.allows(host, ip, port)) ? undefined : denialOf(ip);
  }

  #isMayfly(ip: Ip, port: number): boolean {
    const ports = this.#options.ownPorts?.() ?? [];
    if (![...ports].includes(port)) return false;
    return [ip, ...embedded(ip)].some((form) => isOwn(form) || isThisHost(form));
  }

  #keep(socket: Socket): Socket {
    if (this.#over.signal.aborted) {
      socket.destroy();
      throw this.#over.signal.reason;
    }
    this.#sockets.add(socket);
    // Its user listens too; this is for an error after the user let go.
    socket.on("error", () => this.#sockets.delete(socket));
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

/** All of 127/8 and 0.0.0.0 lead to this host, whatever its interfaces say. */
function isThisHost({ family, bytes }: Ip): boolean {
  return family === 4 ? bytes[0] === 127 || bytes[0] === 0 : bytes.every((byte, i) => byte === 0 || (i === 15 && byte === 1));
}

function denied(address: string, reason: string): MayflyError {
  return new MayflyError("egress-denied", { address, reason });
}
