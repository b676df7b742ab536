/** Functions that are programs which listen for HTTP on $PORT: what runs on Cloud Run, Heroku or behind any proxy. */
import type { BindMessage } from "../../../wire/protocol.ts";
import type { Runner } from "../node/handlers/runner.ts";
import type { AgentParts, FunctionSet, ProgramFunction } from "../runtime.ts";
import { ServerFunction } from "./server-function.ts";

export class ServerFunctions implements FunctionSet {
  readonly #functions = new Map<string, ServerFunction>();

  constructor(message: BindMessage, functions: ProgramFunction[], parts: AgentParts) {
    for (const each of functions) this.#functions.set(each.name, new ServerFunction(message, each, parts));
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
    await Promise.all([...this.#functions.values()].map((each) => each.restored()));
  }
}
