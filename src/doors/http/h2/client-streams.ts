/**
 * The requests in progress of each client, over all its connections of HTTP/2. One of them counts as a connection of HTTP/1.1 does, which has one request in
 * progress: a client that opens many connections of HTTP/2, with many requests on each, has no more of the gateway than any other.
 *
 * Owns: the counts.
 */
import { clientKey, type Ranges } from "../../../base/network/addresses.ts";

export interface StreamLimits {
  /** Of all clients together, and of one. */
  most: number;
  perClient: number;
  /** Proxies, whose requests are of many clients: for them there is no limit of one client's. */
  exempt: Ranges;
}

export class ClientStreams {
  readonly #limits: StreamLimits;
  readonly #byClient = new Map<string, number>();
  #all = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /**
   * Counts one more request. Returns what is to be called once at its end, or null if the client may have no further one.
   * @param address in the form that plainAddress() returns
   */
  begin(address: string): (() => void) | null {
    const { most, perClient, exempt } = this.#limits;
    const key = clientKey(address);
    const before = this.#byClient.get(key) ?? 0;
    if (this.#all >= most || (before >= perClient && !exempt.has(address))) return null;
    this.#all += 1;
    this.#byClient.set(key, before + 1);
    return () => this.#end(key);
  }

  #end(key: string): void {
    this.#all -= 1;
    const left = this.#byClient.get(key)! - 1;
    if (left === 0) this.#byClient.delete(key);
    else this.#byClient.set(key, left);
  }
}
