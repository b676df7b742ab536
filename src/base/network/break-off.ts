import type { Socket } from "node:net";

/**
 * Ends a connection by a reset, so that its peer does not take what has come so far for all there is. A socket whose own end is on its way to
 * the kernel at this moment is closed instead: for such a one Node's resetAndDestroy() emits EINVAL, and its descriptor would never be closed.
 */
export function breakOff(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
