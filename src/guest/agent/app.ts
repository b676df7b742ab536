/** The app that a machine is bound to: its functions, and how an invocation reaches one. */
import type { BindFunction, BindMessage } from "../../wire/protocol.ts";
import { environmentOf } from "../runtimes/node/bindings/environment.ts";
import { Functions } from "../runtimes/node/code/functions.ts";
import { makeRunner } from "../runtimes/node/handlers/make-runner.ts";
import { ProvidedFunctions } from "../runtimes/provided/provided-functions.ts";
import { type AgentParts, type FunctionSet, isProgram } from "../runtimes/runtime.ts";
import { ServerFunctions } from "../runtimes/server/server-functions.ts";
import type { Failures } from "./invocation/failures.ts";
import { type Invocation, current } from "./invocation/invocation.ts";

export class App {
  readonly #functions: FunctionSet;
  readonly #names: string[];
  readonly #failures: Failures;

  /** @throws Error if the code's length is not what the message says, or the agent can't run the functions */
  constructor(message: BindMessage, code: Buffer, parts: AgentParts) {
    this.#functions = open(message, code, parts);
    this.#names = message.functions.map(({ name }) => name);
    this.#failures = parts.failures;
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Evaluates a function ahead of its first call. A failure is logged, and that call fails in the same way. */
  async preload(name: string): Promise<void> {
    try {
      await this.#functions.preload(name);
    } catch (error) {
      this.#failures.afterwards(null, error);
    }
  }

  /** Makes all functions ready, one after the other. Rejects with the reason if one can't be. */
  async initialise(): Promise<void> {
    for (const name of this.#names) await this.#functions.preload(name);
  }

  /** The machine is a clone of one whose functions were initialised. Rejects with the reason if one can't go on. */
  async restored(): Promise<void> {
    await this.#functions.restored?.();
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

  #runLater(loading: ReturnType<FunctionSet["runner"]>, invocation: Invocation): void {
    Promise.resolve(loading).then(
      (runner) => current.run(invocation, runner, invocation),
      (error: unknown) => this.#failures.loadFailed(invocation, error),
    );
  }
}

/** Picks the runtime by the functions' format. */
function open(message: BindMessage, code: Buffer, parts: AgentParts): FunctionSet {
  const { functions } = message;
  const programs = functions.filter(isProgram);
  if (programs.length === 0) return openNode(message, code, parts);
  const { format } = programs[0]!;
  if (functions.some((each) => each.format !== format)) throw new Error("the functions of a machine are all of one runtime");
  return format === "provided" ? new ProvidedFunctions(message, programs, parts) : new ServerFunctions(message, programs, parts);
}

function openNode(message: BindMessage, code: Buffer, { failures, sourceMaps }: AgentParts): FunctionSet {
  const context = { ...message, env: environmentOf(message), failures };
  const make = (exports: unknown, own: BindFunction) => makeRunner(context, exports, own);
  return new Functions(message.functions, code, make, sourceMaps);
}
