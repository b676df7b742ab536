/**
 * The open connections of one listener.
 *
 * Owns: the order in which they have been idle, about: a connection is looked at again only when somebody has to go.
 * 1. There are never more than `most`, nor more than `mostOfOne` of one client, once admit() has returned.
 * 2. Where one must go it is the one that has been idle for longest; one with a request under way never.
 * 3. Admitting one looks at a bounded number of others.
 */
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
}

/** So many are looked at, at most, for one that is idle. */
const MOST_LOOKS = 256;

export class Crowd {
  readonly #limits: CrowdLimits;
  /** Idlest first, about. */
  readonly #all = new Set<Known>();
  readonly #byClient = new Map<string, Set<Known>>();

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Returns false where nobody is idle enough to make room: then the new one is not counted, and has to go. */
  admit(member: Member): boolean {
    const { most, mostOfOne, exempt } = this.#limits;
    const address = plainAddress(member.socket.remoteAddress ?? "") ?? "unknown";
    const known = { member, key: clientKey(address), seen: member.activity() };
    const same = this.#byClient.get(known.key);
    if (same !== undefined && same.size >= mostOfOne && !exempt.has(address) && !this.#closeIdlest(same)) return false;
    if (this.#all.size >= most && !this.#closeIdlest(this.#all)) return false;
    this.#add(known);
    member.socket.once("close", () => this.#remove(known));
    return true;
  }

  #closeIdlest(among: Set<Known>): boolean {
    let looks = Math.min(MOST_LOOKS, 2 * among.size);
    for (const known of among) {
      looks -= 1;
      if (looks < 0) return false;
      const activity = known.member.activity();
      if (!known.member.isBusy() && activity === known.seen) {
        this.#remove(known);
        known.member.socket.destroy();
        return true;
      }
      // Active since: to the end of the order, where the loop comes by again.
      known.seen = activity;
      among.delete(known);
      among.add(known);
    }
    return false;
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
