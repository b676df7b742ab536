/** Where a user's socket meets its tunnel: a listener inside the machine for one connection. */
import { type Socket, createServer } from "node:net";
import { inwardHandle } from "./tcp-handle.ts";

interface MeetingEvents {
  /** The user's socket must connect to this port of the machine's own loopback. */
  ready(port: number): void;
  met(socket: Socket): void;
  failed(code: string, reason: string): void;
}

/** Returns what ends it if nobody has come. */
export function meetOnce(events: MeetingEvents): () => void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    server.close();
    events.met(socket);
  });
  server.on("error", (error: NodeJS.ErrnoException) => events.failed(error.code ?? "EMFILE", error.message));
  // It listens by a handle. For an address, net would call dns.lookup, which a function may have replaced.
  server.listen(inwardHandle(), () => {
    const address = server.address();
    if (typeof address === "object" && address !== null) events.ready(address.port);
  });
  return () => server.close();
}
