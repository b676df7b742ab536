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
import { evaluateCommonJs } from "./common-js.ts";
import { evaluateModule } from "./es-module.ts";
import { SourceMaps } from "./source-maps.ts";
import { current } from "../../../agent/invocation/invocation.ts";

type MakeRunner = (exports: unknown, handler: string, name: string) => Runner;

interface LoadedFunction {
  name: string;
  format: "cjs" | "esm";
  handler: string;
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
    for (const { name, format, handler, source } of list) {
      if (format !== "cjs" && format !== "esm")
        throw new Error(`the function ${name} is of the format ${format}, which this agent cannot run`);
      const to = from + bytesInFrames(name, source);
      const own = code.subarray(from, to);
      const read = source.type === "file" ? () => readFileSync(join(taskRoot, source.path)) : () => own;
      this.#functions.set(name, { name, format, handler, read, runner: null });
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
    const { name, format, handler } = wanted;
    const text = wanted.read().toString();
    this.#sourceMaps.add(name, text);
    if (format === "cjs") return (wanted.runner = this.#makeRunner(evaluateCommonJs(name, text), handler, name));
    return (wanted.runner = evaluateModule(name, text).then(
      (exports) => (wanted.runner = this.#makeRunner(exports, handler, name)),
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
