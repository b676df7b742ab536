import { connect, type Socket } from "node:net";
import type { ResolvedAddress } from "./egress.ts";

/** The first of the addresses that answers, tried in order. Rejects with the last one's error. */
export async function dial(addresses: ResolvedAddress[], port: number, attemptMs: number): Promise<Socket> {
  let failure: unknown;
  for (const { address, family } of addresses) {
    try {
      return await dialOne(address, family, port, attemptMs);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function dialOne(address: string, family: 4 | 6, port: number, attemptMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, family, noDelay: true, allowHalfOpen: true });
    const late = () => socket.destroy(new Error(`connect to ${address}:${port} took over ${attemptMs} ms`));
    socket.setTimeout(attemptMs, late);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("timeout", late);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
