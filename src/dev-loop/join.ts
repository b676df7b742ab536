/** A debugger's connection, led to a machine. */
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Carries bytes both ways until either end closes. @param first goes to the machine before all else */
export function join(socket: Duplex, machine: { host: string; port: number }, first?: Uint8Array): void {
  const other = connect(machine.port, machine.host);
  if (first !== undefined) other.write(first);
  const end = () => {
    socket.destroy();
    other.destroy();
  };
  for (const side of [socket, other]) {
    // Neither end throws, and both are let go of together.
    // oxlint-disable-next-line mayfly/guarded-listeners
    side.on("error", end).on("close", end);
  }
  socket.pipe(other).pipe(socket);
}

export function isFromHere({ remoteAddress = "" }: Socket): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(remoteAddress);
}
