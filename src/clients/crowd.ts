/**
 * The open connections of one listener.
 *
 * Owns: an approximate order of the connections by how long they have been idle. The order is brought up to date only when a connection
 * must be closed.
 * 1. When admit() returns, at most `most` connections are counted in total and at most `mostOfOne` per client. Connections that are about
 *    to be closed come on top: at most an eighth of `most`, but at least 8 may be in that state.
 * 2. If a connection must be closed, it is the one that has been idle for longest. A connection with a request in progress is never closed,
 *    nor one whose request is still unread in the socket: unread bytes are read before the decision. A new connection is given time to send
 *    its first request. If all connections are new, the oldest is closed; otherwise a client that opens many at once would keep all others
 *    out.
 * 3. Admitting one connection examines a bounded number of others.
 */
import { guarded, guardedOf } from "../base/errors/guarded.ts";
import type { Socket } from "node:net";
import { clientKey, plainAddress, type Ranges } from "../base/network/addresses.ts";

export interface CrowdLimits {
  most: number;
  mostOfOne: number;
  /** Proxies, which open connections on behalf of many clients: `mostOfOne` does not apply to them, only `most` does. */
  exempt: Ranges;
}

export interface Member {
  readonly socket: Socket;
  /** Whether a request is in progress. */
  isBusy(): boolean;
  /** A counter that grows with every request. */
  activity(): number;
}

const uncount = Symbol("uncount");
type Counted = Socket & { [uncount]?: () => void };
const onClose = guardedOf<Counted, [boolean]>(
  (socket) => socket[uncount]?.(),
  (_error, socket) => socket.destroy(),
);

interface Known {
  member: Member;
  key: string;
  /** The value of activity() when the connection was last moved to the end of the order. */
  seen: number;
  since: number;
}

/** A client sends its first request as soon as it is connected; the request's packets may take this long to arrive. */
const FIRST_REQUEST_MS = 1_000;
/** Replaces FIRST_REQUEST_MS if no connection is older than that. */
const HURRIED_MS = 100;

/** At most this many connections are examined to find an idle one. */
const MOST_LOOKS = 256;

export class Crowd {
  readonly #limits: CrowdLimits;
  /** Approximately in order of idleness: the connection that has been idle for longest comes first. */
  readonly #all = new Set<Known>();
  readonly #byClient = new Map<string, Set<Known>>();
  /** How many connections were found idle and will be closed unless a request arrives on them. */
  #leaving = 0;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Returns false if no connection is idle enough to make room. The new connection is then not counted, and the caller must close it.
   * @param now milliseconds on a monotonic clock
   */
  admit(member: Member, now: number): boolean {
    const { most, mostOfOne, exempt } = this.#limits;
    const address = plainAddress(member.socket.remoteAddress ?? "") ?? "unknown";
    const known = { member, key: clientKey(address), seen: member.activity(), since: now };
    const same = () => this.#byClient.get(known.key);
    if (!exempt.has(address)) while ((same()?.size ?? 0) >= mostOfOne) if (!this.#letIdlestGo(same()!, now)) return false;
    while (this.#all.size >= most) if (!this.#letIdlestGo(this.#all, now)) return false;
    this.#add(known);
    const socket = member.socket as Counted;
    socket[uncount] = () => this.#remove(known);
    socket.on("close", onClose);
    return true;
  }

  #letIdlestGo(among: Set<Known>, now: number): boolean {
    const older = (ms: number) => this.#letGo(among, (known) => isIdle(known, now, ms));
    return older(FIRST_REQUEST_MS) || older(HURRIED_MS);
  }

  #letGo(among: Set<Known>, mayGo: (known: Known) => boolean): boolean {
    if (this.#leaving >= Math.max(8, Math.ceil(this.#limits.most / 8))) return false;
    let looks = Math.min(MOST_LOOKS, 2 * among.size);
    for (const known of among) {
      looks -= 1;
      if (looks < 0) return false;
      if (mayGo(known)) {
        this.#leaves(known);
        return true;
      }
      if (isQuiet(known)) continue;
      // This connection was active since it was last examined: it moves to the end of the order, which the loop reaches last.
      known.seen = known.member.activity();
      among.delete(known);
      among.add(known);
    }
    return false;
  }

  /**
   * Closes an idle connection, but two turns of the event loop later: a request that has already arrived is read by then. If one was read,
   * the connection stays, and the listener has one connection too many.
   */
  #leaves(known: Known): void {
    const { member } = known;
    this.#remove(known);
    this.#leaving += 1;
    const decide = () => {
      this.#leaving -= 1;
      if (member.socket.destroyed) return;
      if (member.isBusy() || member.activity() !== known.seen) this.#add(known);
      else member.socket.destroy();
    };
    const cut = () => member.socket.destroy();
    const decideNext = () => void setImmediate(guarded(decide, cut));
    setImmediate(guarded(decideNext, cut));
  }

  #add(known: Known): void {
    this.#all.add(known);
    const same = this.#byClient.get(known.key);
    if (same === undefined) this.#byClient.set(known.key, new Set([known]));
    else same.add(known);
  }

  #remove(known: Known): void {
    this.#all.delete(known);
    const same = this.#byClient.get(known.key);
    same?.delete(known);
    if (same?.size === 0) this.#byClient.delete(known.key);
  }
}

function isIdle(known: Known, now: number, firstRequestMs: number): boolean {
  return isQuiet(known) && (known.seen > 0 || now - known.since >= firstRequestMs);
}

function isQuiet({ member, seen }: Known): boolean {
  return !member.isBusy() && member.activity() === seen;
}
