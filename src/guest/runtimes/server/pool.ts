/**
 * The connections to one program. They are kept and used again, but not after an idle second: servers close idle connections, and a request that crosses
 * with that is lost.
 */
import type { Agent, ClientRequest, RequestOptions } from "node:http";
import { performance } from "node:perf_hooks";
import { GrpcConnection } from "./grpc-exchange.ts";
import { PatientSocket } from "./patient-socket.ts";

const IDLE_MS = 1_000;
/** The response's head. The wire takes less. */
const HEAD_BYTES = 131_072;

export class Pool {
  readonly #host: string;
  readonly #port: number;
  readonly #http = process.getBuiltinModule("node:http");
  readonly #agent: Agent;
  readonly grpc: GrpcConnection;
  #usedAt = 0;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.grpc = new GrpcConnection(host, port);
    this.#agent = new this.#http.Agent({ keepAlive: true, timeout: IDLE_MS });
    this.#agent.createConnection = (options) => new PatientSocket(options).setTimeout(IDLE_MS).connect({ ...options, host, port });
  }

  request(options: RequestOptions): ClientRequest {
    // Timers stand still while the machine is stopped, so the agent's own would come too late.
    if (performance.now() - this.#usedAt > IDLE_MS) this.#dropIdle();
    this.used();
    return this.#http.request({ ...options, host: this.#host, port: this.#port, agent: this.#agent, maxHeaderSize: HEAD_BYTES });
  }

  /** On a connection of its own, which goes on with the protocol that the request asks for. */
  upgrade(options: RequestOptions): ClientRequest {
    return this.#http.request({ ...options, host: this.#host, port: this.#port, agent: false, maxHeaderSize: HEAD_BYTES });
  }

  /** Called when a request is over, and its connection is idle from now on. */
  used(): void {
    this.#usedAt = performance.now();
  }

  #dropIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}
