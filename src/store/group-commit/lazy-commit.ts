import type { ArgumentOf, Operations, ResultOf } from "./engine.ts";
import type { GroupCommit } from "./group-commit.ts";

/** A group commit whose file and thread there are only from its first operation on. An open that failed is tried again by the next operation. */
export class LazyCommit<O extends Operations> implements GroupCommit<O> {
  readonly #open: () => Promise<GroupCommit<O>>;
  #opening: Promise<GroupCommit<O>> | null = null;
  #opened: GroupCommit<O> | null = null;

  constructor(open: () => Promise<GroupCommit<O>>) {
    this.#open = open;
  }

  /** Whether there was an operation. */
  get isOpen(): boolean {
    return this.#opened !== null;
  }

  async run<K extends keyof O & string>(operation: K, argument: ArgumentOf<O, K>, bytes?: number): Promise<ResultOf<O, K>> {
    const commit = this.#opened ?? (await this.#first());
    return commit.run(operation, argument, bytes);
  }

  async close(): Promise<void> {
    const commit = await this.#opening?.catch(() => null);
    await commit?.close();
  }

  async #first(): Promise<GroupCommit<O>> {
    this.#opening ??= this.#open();
    try {
      return (this.#opened = await this.#opening);
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }
}
