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

  /** Milliseconds until the deadline. */
  remainingMs(): number {
    return this.#invocation.remainingMs;
  }

  /** Keeps the invocation alive after its reply until the promise has settled; a rejection is logged. */
  waitUntil(promise: unknown): void {
    this.#invocation.waitUntil(promise, (error) => this.#failures.afterwards(this.#invocation, error));
  }

  /** Cloudflare's: there is no origin to fall back to, so it does nothing. Here for code that calls it. */
  passThroughOnException(): void {}
}
