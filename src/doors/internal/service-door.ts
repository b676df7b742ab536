import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Bindings } from "../../store/catalog/binding-schema.ts";

/**
 * A service that machines reach at `http://<its name>.services.mayfly.internal/`: its name is one of `serviceNames`, and `platform/` puts its door among `services`. The host
 * knows by the connection which app's machine it is, so a request needs no credential, and one that it has is not looked at: what a door gives away is the app's own.
 */
export interface ServiceDoor {
  /**
   * Answers one request, to its end. What it rejects with is told to the machine as an error of the table, if nothing of an answer was sent.
   * @param left is given when the machine has left: nobody waits for the answer any more
   */
  answer(caller: ServiceCaller, request: IncomingMessage, response: ServerResponse, left: AbortSignal): Promise<void>;
}

/** A service that speaks a protocol of its own. A machine's connection to its name, or its address, at this port is handed to it as it is. */
export interface StreamDoor {
  port: number;
  /** The connection may end at any time, and is the door's to end. */
  accept(caller: ServiceCaller, connection: Duplex): void;
}

/** The app for which a machine works. */
export interface ServiceCaller {
  /** Ids. */
  tenant: string;
  app: string;
  revision: string;
  appName: string;
  /** Of the machine's revision: what it may reach. */
  bindings: Bindings;
}
