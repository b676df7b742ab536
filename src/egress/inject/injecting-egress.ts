/**
 * The connections of a machine whose app has credentials at the host. Each is made as always. If it then begins as TLS for a name with injections at
 * that port, the host ends it and speaks for the machine; everything else passes as it is.
 *
 * 1. The name alone decides, the one that the TLS client asks for: the address and the name by which it was found may be those of several servers.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { Egress, SocketEgress } from "../egress.ts";
import type { Contexts } from "./contexts.ts";
import { EndedConnection } from "./ended-connection.ts";
import { forkByName } from "./fork-by-name.ts";
import type { Injection } from "./injection.ts";
import { PER_SECOND, type Places } from "./places.ts";

export interface InjectingParts {
  app: string;
  /** Both are the same for all machines of the server. */
  contexts: Contexts;
  places: Places;
  /** Gets sentences for the app's log. */
  tell: (text: string) => void;
}

export function withInjections(egress: SocketEgress, injections: Injection[], parts: InjectingParts): Egress {
  return {
    async connect(host, port, gone, name) {
      const socket = await egress.connect(host, port, gone, name);
      const here = injections.filter((each) => each.port === port);
      if (here.length === 0) return socket;
      return forkByName(socket, (asked) => {
        const own = here.filter((each) => each.host === asked);
        return own.length === 0 ? undefined : (machine: Duplex) => end(machine, socket, own, parts);
      });
    },
    resolve: (host, family, gone) => egress.resolve(host, family, gone),
    close: () => egress.close(),
  };
}

function end(machine: Duplex, socket: Socket, injections: Injection[], { app, contexts, places, tell }: InjectingParts): void {
  const { host } = injections[0]!;
  const place = places.take(app, host);
  if (place === undefined) {
    tell(`A connection to ${host} was closed, because the app has too many to servers for which the host adds secrets.`);
    socket.destroy();
    machine.destroy();
    return;
  }
  const leave = () => place.leave();
  machine.once("close", guarded(leave, leave));
  const cut = () => {
    socket.destroy();
    machine.destroy();
  };
  const begin = () => {
    // It may have closed while it waited for its turn. TLS on it would wait for all the time of a handshake.
    if (socket.destroyed) return cut();
    void new EndedConnection(machine, socket, injections, { contexts, tell, shaken: () => place.shaken() });
  };
  const late = () =>
    tell(
      `Connections to ${host} wait, because the app begins more than ${PER_SECOND} a second to servers for which the host adds secrets: clients that use a connection for several requests need fewer.`,
    );
  place.begin(guarded(begin, cut), late);
}
