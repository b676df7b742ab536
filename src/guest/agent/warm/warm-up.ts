/**
 * Answers requests for mayfly:warm. They take the same steps as an app's: a Bind is parsed, code is evaluated, and runners of every style,
 * logs, timers and replies are used.
 */
import type { BindMessage } from "../../../wire/protocol.ts";
import type { App } from "../app.ts";
import { Binding } from "../../runtimes/node/code/binding.ts";
import type { Invocation } from "../invocation/invocation.ts";
import { warmFunctions, warmTurns } from "./warm-app.ts";

export class WarmUp {
  readonly #open: (message: BindMessage, code: Buffer) => App;
  #app: App | null = null;
  #turn = 0;

  /** @param open what a Bind does with its message and code */
  constructor(open: (message: BindMessage, code: Buffer) => App) {
    this.#open = open;
  }

  /** Each request takes the next turn; each round of turns evaluates the code anew. */
  run(invocation: Invocation): void {
    if (this.#turn % warmTurns.length === 0) this.#evaluate();
    const [name, path] = warmTurns[this.#turn++ % warmTurns.length]!;
    invocation.head.function = name;
    invocation.head.url = `http://warm.localhost/mayfly/warm/${path}?q=1`;
    this.#app!.run(invocation);
  }

  #evaluate(): void {
    const code = Object.values(warmFunctions).map((text) => Buffer.from(`${text}\n// ${this.#turn}`));
    const functions = Object.keys(warmFunctions).map((name, at) => ({
      name,
      format: "cjs" as const,
      source: { type: "frames" as const, bytes: code[at]!.length },
      handler: "handler",
    }));
    const message: BindMessage = { app: "warm", revision: "0", functions, env: {}, memoryMb: 128, egress: false };
    new Binding((parsed, bytes) => (this.#app = this.#open(parsed, bytes))).begin(payload(message, code), true);
  }
}

function payload(message: BindMessage, code: Buffer[]): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...code]);
}
