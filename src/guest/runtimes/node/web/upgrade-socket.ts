/**
 * The socket that code gets with a request for another protocol, as the event "upgrade" of node:http has it. Code writes an HTTP response to it, by which it
 * agrees or refuses, and then the protocol's bytes; it reads what the caller sends. Behind it is the invocation's stream.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Duplex } from "node:stream";
import { Limit } from "../../../../wire/protocol.ts";
import { isHopByHop, SWITCHING } from "../../../../wire/head.ts";
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import type { Outlet } from "../../../agent/invocation/outlet.ts";

const HEAD_END = "\r\n\r\n";

type Done = (error?: Error | null) => void;

export class UpgradeSocket extends Duplex {
  /** The caller's address, and whether the caller came by TLS, as far as the gateway says. */
  readonly remoteAddress: string | undefined;
  readonly encrypted: boolean;
  readonly #invocation: Invocation;
  readonly #failures: Failures;
  /** Calls a function in the invocation's context, so that what its listeners print is logged under it. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  #head = "";
  #outlet: Outlet | null = null;
  #whenDrained: Done | null = null;
  #untaken = 0;
  #reads = false;

  constructor(invocation: Invocation, failures: Failures, caller: string | undefined) {
    super({ allowHalfOpen: false });
    this.#invocation = invocation;
    this.#failures = failures;
    this.remoteAddress = caller;
    this.encrypted = invocation.head.url.startsWith("https:");
    invocation.onAbort = () => this.#inContext(() => this.destroy());
  }

  // What a socket of node:net has and this one need not do anything for.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    if (this.#reads) return this.#take();
    this.#reads = true;
    this.#invocation.body.consume({
      data: (chunk) => this.#inContext(() => this.#pass(chunk)),
      end: () => this.#inContext(() => void this.push(null)),
      error: () => undefined, // The invocation was aborted, which destroys this socket.
    });
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    if (this.#outlet === null) this.#writeHead(chunk, done);
    else this.#writeBody(chunk, done);
  }

  override _final(done: Done): void {
    if (this.#outlet === null) this.#failures.badResponse(this.#invocation, "it closed the connection without a whole response");
    else this.#outlet.end();
    done();
    // The caller hears nothing more from the function, and the function nothing more from the caller, as the end of the one closes the invocation.
    process.nextTick(() => this.#inContext(() => this.destroy()));
  }

  override _destroy(error: Error | null, done: Done): void {
    const invocation = this.#invocation;
    if (invocation.aborted) invocation.settle();
    else if (this.#outlet !== null) this.#outlet.end();
    else this.#failures.threw(invocation, error ?? new Error("The function closed the connection before it had replied"));
    done(error);
  }

  #pass(chunk: Buffer): void {
    this.#untaken += chunk.length;
    if (this.push(chunk)) this.#take();
  }

  #take(): void {
    this.#invocation.body.taken(this.#untaken);
    this.#untaken = 0;
  }

  #writeHead(chunk: Buffer, done: Done): void {
    this.#head += chunk.toString("latin1");
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return done(this.#head.length > Limit.head ? new Error("The response has no end of its head") : null);
    const rest = Buffer.from(this.#head.slice(end + HEAD_END.length), "latin1");
    const [line = "", ...lines] = this.#head.slice(0, end).split("\r\n");
    this.#head = "";
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1]);
    const headers = headersIn(lines);
    this.#outlet = status === SWITCHING ? this.#invocation.switch(headers) : this.#invocation.begin(status, headers);
    if (this.#outlet === null) return done(new Error("Nobody waits for the response, or it is none"));
    this.#outlet.onDrain = () => this.#inContext(() => this.#drained());
    this.#writeBody(rest, done);
  }

  #writeBody(chunk: Buffer, done: Done): void {
    if (this.#outlet!.write(chunk)) done();
    else this.#whenDrained = done;
  }

  #drained(): void {
    const done = this.#whenDrained;
    this.#whenDrained = null;
    done?.();
  }
}

/** Name, value, name, value…, without those that are for one connection only. */
function headersIn(lines: string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    return isHopByHop(name) ? [] : [name, line.slice(colon + 1).trim()];
  });
}
