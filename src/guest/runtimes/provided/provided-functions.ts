/** Functions that are programs which ask AWS Lambda's Runtime API for their invocations: Go, Rust, C++, a shell script, and others. */
import type { BindMessage } from "../../../wire/protocol.ts";
import type { Runner } from "../node/handlers/runner.ts";
import type { AgentParts, FunctionSet, ProgramFunction } from "../runtime.ts";
import { ProvidedFunction } from "./provided-function.ts";

export class ProvidedFunctions implements FunctionSet {
  readonly #functions = new Map<string, ProvidedFunction>();

  constructor(message: BindMessage, functions: ProgramFunction[], parts: AgentParts) {
    for (const each of functions) this.#functions.set(each.name, new ProvidedFunction(message, each, parts));
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  runner(name: string): Runner {
    return this.#functions.get(name)!.run;
  }

  async preload(name: string): Promise<void> {
    await this.#functions.get(name)!.start();
  }

  async restored(): Promise<void> {
    await Promise.all(Array.from(this.#functions.values(), (each) => each.restored()));
  }
}
