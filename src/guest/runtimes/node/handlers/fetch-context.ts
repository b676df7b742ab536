import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";

/** The third argument of fetch(request, env, ctx). */
export class FetchContext {
  readonly #invocation: Invocation;
  readonly #failures: Failures;

  constructor(invocation: Invocation, failures: Failures) {
    this.#invocation = invocation;
    this.#failures = failures;
  }

  /** The id in this invocation's logs and in the reply's X-Mayfly-Invocation header. */
  get invocationId(): string {
    return this.#invocation.head.id;
  }

  /** "http": the request is a caller's. "event": the request carries an event, which no caller can forge. */
  get kind(): string {
    return this.#invocation.head.kind;
  }

  /** Which attempt at the same work this is, counted from 1. */
  get attempt(): number {
    return this.#invocation.head.attempt;
  }

  /** W3C Trace Context: the caller's traceparent if it sent a valid one, otherwise one made for this invocation. */
  get traceparent(): string {
    return this.#invocation.head.traceparent;
  }

  /** W3C Trace Context: the caller's tracestate; empty if there is none. */
  get tracestate(): string {
    return this.#invocation.head.tracestate;
  }

  /** Milliseconds until the deadline. */
  remainingMs(): number {
    return this.#invocation.remainingMs;
  }

  /** Keeps the invocation alive after its reply until the promise has settled; a rejection is logged. */
  waitUntil(promise: unknown): void {
    this.#invocation.waitUntil(promise, (error) => this.#failures.afterwards(this.#invocation, error));
  }

  /** Does nothing, because there is no origin to fall back to. It is here for code written for Cloudflare that calls it. */
  passThroughOnException(): void {}
}
