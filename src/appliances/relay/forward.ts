/** A published port: each connection to a listening socket of the host is joined to a port that QEMU listens on. */
import { connect, createServer, type Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { breakOff } from "../../base/network/break-off.ts";
import { listenOn } from "../../base/listen/listen.ts";
import { createCrowd } from "./crowd.ts";
import { join } from "./join.ts";

export interface ForwardOptions {
  /** The port's name in notes: "127.0.0.1:8101". */
  name: string;
  /** The listening socket, or an address. */
  from: { fd: number } | { host: string; port: number };
  /** QEMU's port, on the loopback of this network namespace. */
  to: number;
  /** The most connections at a time. */
  limit: number;
  note: (text: string) => void;
}

/** Milliseconds. A connection without any byte for this long has lost one of its ends. */
const LONGEST_IDLE_MS = 4 * 3_600_000;
const LOOK_MS = 2_000;
const PROBE_MS = 60_000;
const BACKLOG = 512;

/** Resolves when the port listens, with a function that closes it. */
export async function openForward({ name, from, to, limit, note }: ForwardOptions): Promise<() => void> {
  const crowd = createCrowd(limit, LONGEST_IDLE_MS);
  // QEMU accepts every connection, and closes it if the guest refuses it. Until something in the machine has sent a byte from this port, an
  // end without a byte means such a refusal, and the client's connection is reset, because an orderly end would look like an empty reply.
  let hasSpoken = false;
  const lead = (client: Socket) => {
    client.on("error", () => client.destroy());
    if (!crowd.admit(client, performance.now())) {
      breakOff(client);
      return note(`connections to ${name} are refused: ${limit} are open already, and none is idle`);
    }
    client.setKeepAlive(true, PROBE_MS);
    const inside = connect({ host: "127.0.0.1", port: to, allowHalfOpen: true });
    const onEnd = () => {
      if (inside.bytesRead > 0) hasSpoken = true;
      else if (!hasSpoken && !client.readableEnded) breakOff(client);
    };
    // These listeners must come before join()'s, which pass the end on.
    for (const event of ["end", "close"])
      inside.once(
        event,
        guarded(onEnd, () => client.destroy()),
      );
    join(client, inside);
  };
  const failed = (error: unknown, client: Socket) => {
    breakOff(client);
    note(`a connection to ${name} failed: ${String(error)}`);
  };
  const server = createServer({ allowHalfOpen: true }, guarded(lead, failed));
  const look = () => crowd.look(performance.now());
  const looking = setInterval(
    guarded(look, (error) => note(`idle connections to ${name} could not be found: ${String(error)}`)),
    LOOK_MS,
  );
  const refused = (error: Error) => note(`connections to ${name} are refused: ${error.message}`);
  await listenOn(server, { on: from, address: name, key: "--publish", backlog: BACKLOG, refused });
  return () => {
    clearInterval(looking);
    server.close();
    crowd.closeAll();
  };
}
