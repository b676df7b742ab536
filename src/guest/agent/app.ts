/** The app that a machine is bound to: its functions, and how an invocation reaches one. */
import type { BindMessage } from "../../wire/protocol.ts";
import { Functions } from "../runtimes/node/code/functions.ts";
import type { SourceMaps } from "../runtimes/node/code/source-maps.ts";
import { makeRunner } from "../runtimes/node/handlers/make-runner.ts";
import type { Failures } from "./invocation/failures.ts";
import { type Invocation, current } from "./invocation/invocation.ts";

export class App {
  readonly #functions: Functions;
  readonly #failures: Failures;

  /** @throws Error if the code's length is not what the message says */
  constructor(message: BindMessage, code: Buffer, failures: Failures, sourceMaps: SourceMaps) {
    const context = { ...message, failures };
    const make = (exports: unknown, handler: string, name: string) => makeRunner(context, exports, handler, name);
    this.#functions = new Functions(message.functions, code, make, sourceMaps);
    this.#failures = failures;
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Evaluates a function ahead of its first call. A failure is logged, and that call fails in the same way. */
  async preload(name: string): Promise<void> {
    try {
      await this.#functions.runner(name);
    } catch (error) {
      this.#failures.afterwards(null, error);
    }
  }

  /** Must be called only with a function of the app. */
  run(invocation: Invocation): void {
    try {
      const runner = this.#functions.runner(invocation.head.function);
      if (typeof runner === "function") current.run(invocation, runner, invocation);
      else this.#runLater(runner, invocation);
    } catch (error) {
      this.#failures.loadFailed(invocation, error);
    }
  }

  #runLater(loading: ReturnType<Functions["runner"]>, invocation: Invocation): void {
    Promise.resolve(loading).then(
      (runner) => current.run(invocation, runner, invocation),
      (error: unknown) => this.#failures.loadFailed(invocation, error),
    );
  }
}
