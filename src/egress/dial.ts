import { connect, type Socket } from "node:net";
import { guarded } from "../base/errors/guarded.ts";
import type { ResolvedAddress } from "./egress.ts";

/** Whether a guest wants it cannot be seen here. It costs a packet a minute of idle connections, and finds those whose other end is gone. */
const KEEP_ALIVE_MS = 60_000;

export interface DialOptions {
  /** ms that one address may take to answer. */
  attemptMs: number;
  /** Nobody wants the connection any more. */
  gone: AbortSignal;
  /** Nothing is read from the socket until its user resumes it. */
  unread: boolean;
}

/**
 * The first of the addresses that answers, tried in order. Rejects with the last one's error, or the signal's reason.
 * @param port 0 is one that nobody listens on
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
    // Node reads ahead as soon as a socket is connected, unless it is paused by then.
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
