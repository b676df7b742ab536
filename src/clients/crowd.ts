/**
 * The open connections of one listener.
 *
 * Owns: the order in which they have been idle, about: a connection is looked at again only when somebody has to go.
 * 1. Those that count are never more than `most`, nor more than `mostOfOne` of one client, once admit() has returned. Beside them there are
 *    the leaving ones, an eighth of `most` (8 at least).
 * 2. Where one must go it is the one that has been idle for longest; one with a request under way never, nor one whose request is on its
 *    way here: what it has sent is read before it goes. A new one is left the time to send its first, unless all are new: then the oldest goes,
 *    or whoever opens many at once would keep everybody else out.
 * 3. Admitting one looks at a bounded number of others.
 */
import { guarded } from "../base/errors/guarded.ts";
import type { Socket } from "node:net";
import { clientKey, plainAddress, type Ranges } from "./addresses.ts";

export interface CrowdLimits {
  most: number;
  mostOfOne: number;
  /** Proxies, which have connections for many clients: only `most` counts for them. */
  exempt: Ranges;
}

export interface Member {
  readonly socket: Socket;
  /** A request is under way. */
  isBusy(): boolean;
  /** Grows with every request. */
  activity(): number;
}

interface Known {
  member: Member;
  key: string;
  /** The activity when it was put at its place in the order. */
  seen: number;
  since: number;
}

/** A client sends its first request at once; its packets may take this long. */
const FIRST_REQUEST_MS = 1_000;
/** The same, where all the others are as new. */
const HURRIED_MS = 100;

/** So many are looked at, at most, for one that is idle. */
const MOST_LOOKS = 256;

export class Crowd {
  readonly #limits: CrowdLimits;
  /** Idlest first, about. */
  readonly #all = new Set<Known>();
  readonly #byClient = new Map<string, Set<Known>>();
  /** Found idle, and about to be closed unless a request of theirs turns up. */
  #leaving = 0;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Returns false where nobody is idle enough to make room: then the new one is not counted, and has to go.
   * @param now milliseconds, of a monotonic clock
   */
  admit(member: Member, now: number): boolean {
    const { most, mostOfOne, exempt } = this.#limits;
    const address = plainAddress(member.socket.remoteAddress ?? "") ?? "unknown";
    const known = { member, key: clientKey(address), seen: member.activity(), since: now };
    const same = () => this.#byClient.get(known.key);
    if (!exempt.has(address)) while ((same()?.size ?? 0) >= mostOfOne) if (!this.#letIdlestGo(same()!, now)) return false;
    while (this.#all.size >= most) if (!this.#letIdlestGo(this.#all, now)) return false;
    this.#add(known);
    const { socket } = member;
    socket.once(
      "close",
      guarded(
        () => this.#remove(known),
        () => socket.destroy(),
      ),
    );
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
      // Active since: to the end of the order, where the loop comes by again.
      known.seen = known.member.activity();
      among.delete(known);
      among.add(known);
    }
    return false;
  }

  /** A request may be here already, unread: it is by the end of the event loop's next turn. Then the connection stays, as one too many. */
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
    setImmediate(() => setImmediate(decide));
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
