import { Agent } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";
import { KEEP_ALIVE_MS } from "../dial.ts";

type Created = (error: Error | null, socket: Duplex) => void;

/** An agent whose requests all go over one connection, one after the other. They fail when it is gone. */
export class OneConnection extends Agent {
  readonly #proven: Promise<TLSSocket>;
  #wasProven = false;
  #isGiven = false;

  constructor(proven: Promise<TLSSocket>) {
    // Node would send probes each second as soon as no request is under way.
    super({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: 1, maxFreeSockets: 1 });
    this.#proven = proven;
    void proven.then(
      () => (this.#wasProven = true),
      () => undefined,
    );
  }

  get wasProven(): boolean {
    return this.#wasProven;
  }

  override createConnection(_options: object, callback?: Created): undefined {
    const give = () => this.#give(callback);
    // Node looks at the error alone.
    guarded(give, (error) => callback?.(error as Error, undefined as never))();
  }

  async #give(callback: Created | undefined): Promise<void> {
    const server = await this.#proven;
    // Node gives up a connection before it is destroyed. Two requests on one would read each other's responses, and end the process by an assertion of Node's.
    if (this.#isGiven) server.destroy();
    if (server.destroyed) throw new Error("it closed the connection");
    this.#isGiven = true;
    callback?.(null, server);
  }
}
