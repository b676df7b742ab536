/**
 * Limits the number of connections of one published port.
 *
 * 1. One client may have all of them, because a proxy before the port is one client to it, as long as nobody else wants any.
 * 2. If the port is full, a client that has fewer connections than another gets one of those of the client that has most, even a busy one: the one that has
 *    been idle for longest. So no client keeps others out, whatever it sends.
 * 3. Otherwise the new connection takes the place of one that has been idle for a while, of the client that has most of these, or is refused.
 *
 * The doors' crowd (src/clients/crowd.ts) knows about requests; here only bytes are known.
 */
import type { Socket } from "node:net";
import { clientKey, plainAddress } from "../../base/network/addresses.ts";
import { breakOff } from "../../base/network/break-off.ts";

/** A connection without any byte for this many milliseconds may be closed to make room for another. */
const IDLE_MS = 10_000;

interface Member {
  /** See clientKey(). */
  client: string;
  socket: Socket;
  bytes: number;
  /** The time of the last look that found that bytes had come or gone since the look before. */
  activeAt: number;
}

export interface Crowd {
  /** Returns false if there is no room and no idle connection to close. Otherwise the socket counts until it closes. */
  admit(socket: Socket, now: number): boolean;
  /** Notes which connections are idle, and closes those that were idle for `longestMs`. Must be called every few seconds. */
  look(now: number): void;
  closeAll(): void;
}

export function createCrowd(limit: number, longestMs: number): Crowd {
  const members = new Set<Member>();
  return {
    admit(socket, now) {
      const client = clientKey(plainAddress(socket.remoteAddress ?? "") ?? "unknown");
      if (members.size >= limit && !makeRoom(client, now)) return false;
      const member = { client, socket, bytes: 0, activeAt: now };
      members.add(member);
      socket.once("close", () => members.delete(member));
      return true;
    },
    look(now) {
      for (const member of members) {
        const bytes = member.socket.bytesRead + member.socket.bytesWritten;
        if (bytes !== member.bytes) Object.assign(member, { bytes, activeAt: now });
        else if (now - member.activeAt > longestMs) cut(member);
      }
    },
    closeAll: () => members.forEach(cut),
  };

  function makeRoom(client: string, now: number): boolean {
    const counts = new Map<string, number>();
    for (const member of members) counts.set(member.client, (counts.get(member.client) ?? 0) + 1);
    const countOf = (member: Member) => counts.get(member.client)!;
    const most = Math.max(0, ...counts.values());
    // With its new connection it has at most as many as the other has left.
    const isModest = (counts.get(client) ?? 0) + 1 < most;
    const candidates = isModest ? [...members] : [...members].filter(({ activeAt }) => now - activeAt >= IDLE_MS);
    const mostOfThese = Math.max(0, ...candidates.map(countOf));
    const [first] = candidates.filter((member) => countOf(member) === mostOfThese).toSorted((a, b) => a.activeAt - b.activeAt);
    if (first !== undefined) cut(first);
    return first !== undefined;
  }

  function cut(member: Member): void {
    members.delete(member);
    breakOff(member.socket);
  }
}
