import type { RequestSink } from "../wire/host-end.ts";
import type { ResetCode } from "../wire/protocol.ts";
import type { Invocation } from "./invocation-run.ts";

/** What one stream tells its invocation. An object of its own: what comes late from a stream that was left behind stops here. */
export class GuestSide implements RequestSink {
  readonly #invocation: Invocation;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean): void {
    this.#invocation.replyHead(status, headers, body, ended);
  }

  data(chunk: Buffer): void {
    this.#invocation.replyData(chunk);
  }

  end(): void {
    this.#invocation.replyEnd();
  }

  reset(code: ResetCode, message: string): void {
    this.#invocation.replyReset(code, message);
  }

  closed(): void {
    this.#invocation.closed();
  }

  drain(): void {
    this.#invocation.drain();
  }
}
