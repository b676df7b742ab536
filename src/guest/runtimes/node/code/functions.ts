/**
 * An app's functions: their code and, from the first call on, what runs them.
 *
 * 1. Code is evaluated once, outside of any invocation, when it is first needed. A failed evaluation is tried again at the next call.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BindFunction, CodeSource } from "../../../../wire/protocol.ts";
import { taskRoot } from "../../../agent/files/task-root.ts";
import type { FunctionSet } from "../../runtime.ts";
import type { Runner } from "../handlers/runner.ts";
import { loadUserFunction } from "../lambda/user-function.ts";
import { evaluateCommonJs } from "./common-js.ts";
import { evaluateModule } from "./es-module.ts";
import { SourceMaps } from "./source-maps.ts";
import { current } from "../../../agent/invocation/invocation.ts";

/** Makes what runs a function of its module's exports. */
type MakeRunner = (exports: unknown, own: BindFunction) => Runner;

interface LoadedFunction {
  own: BindFunction;
  /** Gives the code. Not called before the function is needed. */
  read: () => Buffer;
  runner: Runner | Promise<Runner> | null;
}

export class Functions implements FunctionSet {
  readonly #functions = new Map<string, LoadedFunction>();
  readonly #makeRunner: MakeRunner;
  readonly #sourceMaps: SourceMaps;

  /** @param code the code of all functions whose source is the Bind's stream, one after the other */
  constructor(list: BindFunction[], code: Buffer, makeRunner: MakeRunner, sourceMaps: SourceMaps) {
    this.#makeRunner = makeRunner;
    this.#sourceMaps = sourceMaps;
    let from = 0;
    for (const own of list) {
      const { name, format, source } = own;
      if (format !== "cjs" && format !== "esm")
        throw new Error(`the function ${name} is of the format ${format}, which this agent cannot run`);
      const to = from + bytesInFrames(name, source);
      const bytes = code.subarray(from, to);
      const read = source.type === "file" ? () => readFileSync(join(taskRoot, source.path)) : () => bytes;
      this.#functions.set(name, { own, read, runner: null });
      from = to;
    }
    if (from !== code.length) throw new Error(`the code is ${code.length} bytes; its functions say ${from}`);
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** The function's runner; a promise only while an ES module is evaluated. Throws, or rejects with, what the code threw. */
  runner(name: string): Runner | Promise<Runner> {
    const wanted = this.#functions.get(name)!;
    return wanted.runner ?? current.run(null, () => this.#load(wanted));
  }

  async preload(name: string): Promise<void> {
    await this.runner(name);
  }

  #load(wanted: LoadedFunction): Runner | Promise<Runner> {
    const { own } = wanted;
    const { name, format, handler } = own;
    if (own.lambda !== undefined) return this.#later(wanted, loadUserFunction(handler));
    const text = wanted.read().toString();
    this.#sourceMaps.add(name, text);
    if (format === "cjs") return (wanted.runner = this.#makeRunner(evaluateCommonJs(name, text), own));
    return this.#later(wanted, evaluateModule(name, text));
  }

  #later(wanted: LoadedFunction, evaluated: Promise<unknown>): Promise<Runner> {
    return (wanted.runner = evaluated.then(
      (exports) => (wanted.runner = this.#makeRunner(exports, wanted.own)),
      (error) => {
        wanted.runner = null;
        throw error;
      },
    ));
  }
}

/** @throws Error if a later host names a source that this agent does not know */
function bytesInFrames(name: string, source: CodeSource): number {
  if (source.type === "frames") return source.bytes;
  if (source.type === "file") return 0;
  throw new Error(`the code of ${name} comes from ${JSON.stringify((source as { type: unknown }).type)}, which this agent does not know`);
}
