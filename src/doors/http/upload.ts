/**
 * A request's body on its way to the function, chunk by chunk.
 *
 * 1. The client is paused when the dispatcher asks for it, until the dispatcher's drain: at most one chunk is held here.
 * 2. A body over the limit ends the call.
 * 3. A body that is to have a certain hash and has another does not end: the call ends instead.
 * 4. When the rest of the body is no longer needed, it is read and discarded for a bounded time.
 */
import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import type { InvocationHandle } from "../../dispatch/invocation.ts";
import { sendableTrailers } from "../../wire/head.ts";
import type { Watch } from "./watch.ts";

export interface WantedBody {
  /** In hex. */
  sha256: string;
  /** Called if the body is complete and has another hash. */
  onOther: () => void;
}

export class Upload {
  readonly #request: IncomingMessage;
  readonly #handle: InvocationHandle;
  readonly #watch: Watch;
  readonly #limit: number;
  readonly #onTooLarge: () => void;
  readonly #wanted: WantedBody | undefined;
  readonly #hash: Hash | undefined;
  #received = 0;
  /** See OnConnection. */
  waitingSince: number;

  constructor(
    request: IncomingMessage,
    handle: InvocationHandle,
    watch: Watch,
    limit: number,
    onTooLarge: () => void,
    wanted?: WantedBody,
  ) {
    this.#request = request;
    this.#handle = handle;
    this.#watch = watch;
    this.#limit = limit;
    this.#onTooLarge = onTooLarge;
    this.#wanted = wanted;
    this.#hash = wanted && createHash("sha256");
    this.waitingSince = watch.tick;
    request.on("data", this.#onData);
    request.on("end", this.#onEnd);
  }

  drain(): void {
    if (this.#request.complete && this.#request.readableEnded) return;
    this.waitingSince = this.#watch.tick;
    this.#request.resume();
  }

  /** The rest of the body is no longer needed. */
  abandon(): void {
    this.#request.off("data", this.#onData);
    this.#request.off("end", this.#onEnd);
    this.waitingSince = Infinity;
    this.#request.resume();
    if (!this.#request.complete) this.#watch.linger(this.#request);
  }

  readonly #failed = () => this.#request.destroy();

  readonly #onData = guarded((chunk: Buffer) => {
    this.#received += chunk.length;
    this.waitingSince = this.#watch.tick;
    if (this.#received > this.#limit) return this.#onTooLarge();
    this.#hash?.update(chunk);
    if (this.#handle.write(chunk)) return;
    this.waitingSince = Infinity;
    this.#request.pause();
  }, this.#failed);

  readonly #onEnd = guarded(() => {
    this.waitingSince = Infinity;
    if (this.#wanted !== undefined && this.#hash?.digest("hex") !== this.#wanted.sha256) return this.#wanted.onOther();
    this.#handle.end(sendableTrailers(this.#request.rawTrailers ?? []));
  }, this.#failed);
}
