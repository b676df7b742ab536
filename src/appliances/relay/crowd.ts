/**
 * Limits the number of connections of one published port. If the port is full, the client address with the most connections loses the one
 * that has been idle for longest, so that idle connections of one client never keep others out. The doors' crowd (src/clients/crowd.ts)
 * knows about requests; here only bytes are known.
 */
import type { Socket } from "node:net";
import { breakOff } from "../../base/network/break-off.ts";

/** A connection without any byte for this many milliseconds may be closed to make room for another. */
const IDLE_MS = 10_000;

interface Member {
  address: string;
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
      if (members.size >= limit && !makeRoom(now)) return false;
      const member = { address: socket.remoteAddress ?? "unknown", socket, bytes: 0, activeAt: now };
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

  function makeRoom(now: number): boolean {
    const perAddress = new Map<string, number>();
    for (const { address } of members) perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    const idle = [...members].filter(({ activeAt }) => now - activeAt >= IDLE_MS);
    const most = Math.max(0, ...idle.map(({ address }) => perAddress.get(address)!));
    const [first] = idle.filter(({ address }) => perAddress.get(address) === most).toSorted((a, b) => a.activeAt - b.activeAt);
    if (first !== undefined) cut(first);
    return first !== undefined;
  }

  function cut(member: Member): void {
    members.delete(member);
    breakOff(member.socket);
  }
}
