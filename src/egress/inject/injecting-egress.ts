/**
 * The connections of a machine whose app has credentials at the host. Each is made as always. If it then begins as TLS for a name with injections at
 * that port, the host ends it and speaks for the machine; everything else passes as it is.
 *
 * 1. The name alone decides, the one that the TLS client asks for: the address and the name by which it was found may be those of several servers.
 */
import type { Duplex } from "node:stream";
import type { Egress, SocketEgress } from "../egress.ts";
import { EndedConnection, type EndingParts } from "./ended-connection.ts";
import { forkByName } from "./fork-by-name.ts";
import type { Injection } from "./injection.ts";

export function withInjections(egress: SocketEgress, injections: Injection[], parts: EndingParts): Egress {
  return {
    async connect(host, port, gone, name) {
      const socket = await egress.connect(host, port, gone, name);
      const here = injections.filter((each) => each.port === port);
      if (here.length === 0) return socket;
      return forkByName(socket, (asked) => {
        const own = here.filter((each) => each.host === asked);
        return own.length === 0 ? undefined : (machine: Duplex) => void new EndedConnection(machine, socket, own, parts);
      });
    },
    resolve: (host, family, gone) => egress.resolve(host, family, gone),
    close: () => egress.close(),
  };
}
