/**
 * Outbound connections of one machine.
 *
 * Owns: the sockets it opened, until they close.
 * 1. Every address is checked after its name was resolved, and the connection goes to the address that was checked, even if the name
 *    changes in the meantime.
 * 2. Only the public internet is reachable, plus what both the manifest and the operator list. The metadata services of clouds never open.
 * 3. Each machine has a limit of open connections, and each app a share of those of the whole process (shares.ts). Name look-ups take turns with those of all
 *    other apps (names.ts).
 * 4. When a connection is no longer wanted or its machine has ended, its look-up and its connection attempt stop.
 */
import type { Socket } from "node:net";
import { MayflyError } from "../base/errors/error.ts";
import { guarded } from "../base/errors/guarded.ts";
import { allowListOf, type AllowList } from "../base/network/allow-list.ts";
import { denialOf, isNeverOpen, isOwn } from "../base/network/denied.ts";
import { dial } from "./dial.ts";
import type { ResolvedAddress, SocketEgress } from "./egress.ts";
import { embedded, parseIp, type Ip } from "../base/network/ip.ts";
import { lookUpError, shown } from "./look-up.ts";
import { createNames, type Names } from "./names.ts";
import { Shares } from "./shares.ts";
import { counted } from "../base/words/counted.ts";

export interface EgressOptions {
  /** The manifest's list: "host-or-cidr:port" to be reached although the default refuses it. Invalid entries open nothing. */
  allow: string[];
  /** The operator's list: an address outside of it is never opened by `allow`. Default: empty. */
  bound?: string[];
  /** The ports on which Mayfly itself listens. On this host's own addresses an entry must name such a port; `*` does not open it. */
  ownPorts?: () => Iterable<number>;
  /** If set, nothing is opened beside what both lists have, not even a public address. */
  only?: boolean;
  /** The maximum of connections open at once. */
  connections?: number;
  /** How long each address may take to answer, in ms. */
  attemptMs?: number;
  /** If set, nothing is read from the sockets, so that they can be handed to another process, which resumes them. */
  unread?: boolean;
  /** The app whose machine this is: apps share `names` and `shares` fairly. */
  app?: string;
  /** Called when a connection is open. @param to host and port, as they were asked for @param address of the other end */
  opened?: (to: string, address: string) => void;
  /** The look-ups of the whole process. Default: look-ups of this machine alone. */
  names?: Names;
  /** The connections of the whole process. Default: no limit but `connections`. */
  shares?: Shares;
}

const CONNECTIONS = 256;
const ATTEMPT_MS = 10_000;
/** At most this many addresses of one name are tried. */
const ATTEMPTS = 4;

export function createEgress(options: EgressOptions): SocketEgress {
  return new CheckedEgress(options);
}

class CheckedEgress implements SocketEgress {
  readonly #options: EgressOptions;
  readonly #allow: AllowList;
  readonly #bound: AllowList;
  readonly #names: Names;
  readonly #shares: Shares;
  /** The open ones, each with what gives back its share. */
  readonly #sockets = new Map<Socket, () => void>();
  readonly #over = new AbortController();
  #opening = 0;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#allow = allowListOf(options.allow);
    this.#bound = allowListOf(options.bound ?? []);
    this.#names = options.names ?? createNames();
    this.#shares = options.shares ?? new Shares(Infinity);
  }

  async connect(host: string, port: number, gone?: AbortSignal, name?: string): Promise<Socket> {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw denied(`${shown(host)}:${port}`, "there is no such port");
    const limit = this.#options.connections ?? CONNECTIONS;
    if (this.#opening + this.#sockets.size >= limit)
      throw full(`${shown(host)}:${port}`, `the machine has ${counted(limit, "connection")} already`);
    const release = this.#take(`${shown(host)}:${port}`);
    const signal = this.#wanted(gone);
    this.#opening++;
    try {
      const addresses = name === undefined ? await this.#allowed(host, port, signal) : [await this.#allowedBy(name, host, port, signal)];
      const { attemptMs = ATTEMPT_MS, unread = false } = this.#options;
      const socket = this.#keep(await dial(addresses.slice(0, ATTEMPTS), port, { attemptMs, gone: signal, unread }), release);
      this.#options.opened?.(`${shown(name ?? host)}:${port}`, socket.remoteAddress ?? "");
      return socket;
    } catch (error) {
      release();
      throw error;
    } finally {
      this.#opening--;
    }
  }

  async resolve(host: string, family: 0 | 4 | 6, gone?: AbortSignal): Promise<ResolvedAddress[]> {
    const release = this.#take(shown(host));
    const addresses = await this.#allowed(host, undefined, this.#wanted(gone)).finally(release);
    const wanted = addresses.filter((address) => family === 0 || address.family === family);
    if (wanted.length === 0) throw lookUpError("ENOTFOUND", host);
    return wanted;
  }

  close(): void {
    this.#over.abort(new Error("the machine is gone"));
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  /** Throws "egress-full" if the app has its share of the descriptors already; a look-up needs one, too. */
  #take(address: string): () => void {
    const { app = "" } = this.#options;
    const take = () => this.#shares.take(app);
    const release = take() ?? (this.#forgetDestroyed() ? take() : undefined);
    if (release !== undefined) return release;
    const held = counted(this.#shares.heldBy(app), "connection");
    throw full(address, `the app has ${held} already, and the server keeps the rest of its ${this.#shares.most} for others`);
  }

  /** A destroyed socket has given its descriptor back, and tells so a moment later. Code that closes one connection for another is not to wait for that. */
  #forgetDestroyed(): boolean {
    const destroyed = [...this.#sockets].filter(([socket]) => socket.destroyed);
    for (const [socket, release] of destroyed) {
      this.#sockets.delete(socket);
      release();
    }
    return destroyed.length > 0;
  }

  #wanted(gone: AbortSignal | undefined): AbortSignal {
    return gone === undefined ? this.#over.signal : AbortSignal.any([this.#over.signal, gone]);
  }

  /** The addresses of the host that may be reached; never an empty list. */
  async #allowed(host: string, port: number | undefined, signal: AbortSignal): Promise<ResolvedAddress[]> {
    const found = await this.#addresses(host, signal);
    const reasons = found.map((ip) => this.#refusal(host, ip, port));
    const allowed = found.filter((_ip, i) => reasons[i] === undefined);
    if (allowed.length > 0) return allowed.map(({ address, family }) => ({ address, family }));
    throw denied(port === undefined ? shown(host) : `${shown(host)}:${port}`, `it is ${reasons[0]}`);
  }

  /** Allows the one given address if `name` allows it, and no other address of the name. */
  async #allowedBy(name: string, host: string, port: number, signal: AbortSignal): Promise<ResolvedAddress> {
    const ip = parseIp(host);
    if (ip === undefined) throw denied(`${shown(host)}:${port}`, "it is not an address");
    const reason = this.#refusal(host, ip, port);
    if (reason !== undefined) await this.#checkName(name, ip, port, reason, signal);
    return { address: ip.address, family: ip.family };
  }

  /** An address that is refused by itself may be allowed by a name, but only if the name really resolves to it. */
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
    // The refusal of Mayfly's own ports has the same text as every other refusal, so that scanning ports does not find them.
    const isMayfly = port !== undefined && this.#isMayfly(ip, port);
    if (isMayfly && !lists.every((list) => list.names(host, ip, port))) return denialOf(ip) ?? "an address of this host";
    if (lists.every((list) => list.allows(host, ip, port))) return undefined;
    return denialOf(ip) ?? (this.#options.only === true ? "not one that the app and this server allow" : undefined);
  }

  #isMayfly(ip: Ip, port: number): boolean {
    const ports = this.#options.ownPorts?.() ?? [];
    if (![...ports].includes(port)) return false;
    return [ip, ...embedded(ip)].some((form) => isOwn(form) || isThisHost(form));
  }

  #keep(socket: Socket, release: () => void): Socket {
    if (this.#over.signal.aborted) {
      socket.destroy();
      throw this.#over.signal.reason;
    }
    this.#sockets.set(socket, release);
    // The connection's user has a listener as well; this one is for errors after the user removed it.
    socket.on("error", () => this.#sockets.delete(socket));
    const onClose = () => {
      this.#sockets.delete(socket);
      release();
    };
    socket.once("close", guarded(onClose, release));
    return socket;
  }
}

/** All of 127.0.0.0/8, and 0.0.0.0, lead to this host, even though no interface lists them. */
function isThisHost({ family, bytes }: Ip): boolean {
  return family === 4 ? bytes[0] === 127 || bytes[0] === 0 : bytes.every((byte, i) => byte === 0 || (i === 15 && byte === 1));
}

function full(address: string, reason: string): MayflyError {
  return new MayflyError("egress-full", { address, reason });
}

function denied(address: string, reason: string): MayflyError {
  return new MayflyError("egress-denied", { address, reason });
}
