/** Outbound connections of one machine, made by the host on its behalf and only to addresses that the app may reach. */
import type { Socket } from "node:net";

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

export interface Egress {
  /**
   * Any text and any number may be given. Rejects with MayflyError "egress-denied", the connection's own error, that of a look-up
   * (whose `syscall` is getaddrinfo), or the reason of `gone`.
   * @param name of an address: what it is said to be called. Not believed, but where only its name lets an address be reached, it is looked up
   */
  connect(host: string, port: number, gone?: AbortSignal, name?: string): Promise<Socket>;
  /** Only addresses that the app may reach on some port. Never empty; rejects as connect() does. */
  resolve(host: string, family: 0 | 4 | 6, gone?: AbortSignal): Promise<ResolvedAddress[]>;
  /** Ends every connection, and what is under way to one. */
  close(): void;
}
