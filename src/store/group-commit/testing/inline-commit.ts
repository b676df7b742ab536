/** A group commit without a thread, for tests of what stands on an engine: an operation is done in the turn after it was asked for. */
import { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { migrate } from "../../sqlite/migrate.ts";
import { runBatch } from "../batch.ts";
import type { ArgumentOf, Engine, Operations, ResultOf } from "../engine.ts";
import type { GroupCommit } from "../group-commit.ts";

export class InlineCommit<O extends Operations> implements GroupCommit<O> {
  readonly db: DatabaseSync;
  readonly #operations: O;
  /** If set, it is what each operation is refused with. */
  broken: MayflyError | null = null;

  constructor(engine: Engine<O>) {
    this.db = new DatabaseSync(":memory:");
    migrate(this.db, ":memory:", engine.migrations);
    this.#operations = engine.operations(this.db);
  }

  async run<K extends keyof O & string>(operation: K, argument: ArgumentOf<O, K>): Promise<ResultOf<O, K>> {
    await Promise.resolve();
    if (this.broken !== null) throw this.broken;
    const [answer] = runBatch(this.db, this.#operations, ":memory:", [{ number: 0, operation, argument: structuredClone(argument) }]);
    if ("result" in answer!) return answer.result as ResultOf<O, K>;
    throw new MayflyError(answer!.code, answer!.details);
  }

  close(): Promise<void> {
    this.db.close();
    return Promise.resolve();
  }
}
