import { connect, type Socket } from "node:net";
import { guarded } from "../base/errors/guarded.ts";
import type { ResolvedAddress } from "./egress.ts";

/**
 * Sends TCP keep-alive probes on every connection, because the host can't see whether the guest wants them. They cost a packet per minute
 * on an idle connection, and detect that the other end is gone.
 */
export const KEEP_ALIVE_MS = 60_000;

export interface DialOptions {
  /** How long each address may take to answer, in ms. */
  attemptMs: number;
  /** Aborted when the connection is no longer wanted. */
  gone: AbortSignal;
  /** If set, nothing is read from the socket until its user resumes it. */
  unread: boolean;
}

/**
 * Tries the addresses in order and connects to the first that answers. Rejects with the last address's error, or with the signal's reason.
 * @param port no host listens on port 0
 */
export async function dial(addresses: ResolvedAddress[], port: number, how: DialOptions): Promise<Socket> {
  let failure: unknown;
  for (const { address, family } of addresses) {
    try {
      return await dialOne(address, family, port, how);
    } catch (error) {
      failure = error;
      how.gone.throwIfAborted();
    }
  }
  throw failure;
}

function dialOne(address: string, family: 4 | 6, port: number, { attemptMs, gone, unread }: DialOptions): Promise<Socket> {
  if (port === 0) return Promise.reject(Object.assign(new Error(`connect ECONNREFUSED ${address}:0`), { code: "ECONNREFUSED" }));
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      family,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      allowHalfOpen: true,
    });
    // Node begins to read as soon as a socket connects, unless the socket is paused before.
    if (unread) socket.pause();
    const leave = () => socket.destroy(gone.reason);
    const late = guarded(
      () => socket.destroy(new Error(`connect ETIMEDOUT ${address}:${port}: it took over ${attemptMs} ms`)),
      () => socket.destroy(),
    );
    const done = () => {
      gone.removeEventListener("abort", leave);
      socket.setTimeout(0);
      socket.off("timeout", late);
    };
    gone.addEventListener("abort", leave, { once: true });
    socket.setTimeout(attemptMs, late);
    const onError = (error: unknown) => {
      done();
      reject(error);
    };
    const onConnect = () => {
      done();
      socket.removeAllListeners("error");
      resolve(socket);
    };
    socket.once("error", guarded(onError, reject));
    socket.once("connect", guarded(onConnect, onError));
  });
}
