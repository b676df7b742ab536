/** Outbound connections of one machine. The host makes them on the machine's behalf, and only to addresses that the app may reach. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** A connection to the outside: a socket, or what stands before one. It lets each direction end by itself. */
export type Outside = Duplex & Pick<Socket, "remoteAddress" | "remotePort" | "remoteFamily">;

export interface Egress<Connection extends Outside = Outside> {
  /**
   * Connects; accepts any text and any number. Rejects with MayflyError "egress-denied" or "egress-full", with the connection's own error, with the
   * look-up's error (whose `syscall` is getaddrinfo), or with the reason of `gone`.
   * @param name if `host` is an address, the name that the guest claims for it. The claim is checked by a look-up, and only if the name is
   * what allows the address.
   */
  connect(host: string, port: number, gone?: AbortSignal, name?: string): Promise<Connection>;
  /** Returns only addresses that the app may reach on some port. The list is never empty; rejects like connect(). */
  resolve(host: string, family: 0 | 4 | 6, gone?: AbortSignal): Promise<ResolvedAddress[]>;
  /** Ends every connection and every attempt to connect. */
  close(): void;
}

/** What it connects is read by another process, which only a socket can be handed to. */
export type SocketEgress = Egress<Socket>;
