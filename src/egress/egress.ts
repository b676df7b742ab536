/** Outbound connections of one machine, made by the host on its behalf and only to addresses that the app may reach. */
import type { Socket } from "node:net";

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

export interface Egress {
  /** Rejects with MayflyError "egress-denied", or the connection's own error. */
  connect(host: string, port: number): Promise<Socket>;
  /** Only addresses that the app may reach on some port. Rejects with "egress-denied", or the resolver's own error. */
  resolve(host: string, family: 0 | 4 | 6): Promise<ResolvedAddress[]>;
  /** Ends every connection. */
  close(): void;
}
