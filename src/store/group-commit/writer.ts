/**
 * Carries out the operations of a file that is written, in the thread of its group commit.
 *
 * 1. An operation is answered when the disk has what it wrote; one of which the engine says that a power cut may undo it, when it is committed.
 * 2. What such an operation wrote is on the disk SOON_MS later at the latest.
 * 3. If the disk takes nothing more, the thread ends: what was committed and is not on the disk is seen by nobody again before SQLite has read the file anew.
 */
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../sqlite/open.ts";
import { type Answer, type Asked, failure, runBatch } from "./batch.ts";
import type { Engine, Operations } from "./engine.ts";
import { LogSync } from "./log-sync.ts";

/** What stays in the write-ahead log between checkpoints, bytes: a full disk leaves room in it for what frees space. */
const LOG_BYTES = 8_388_608;
/** Milliseconds. */
const SOON_MS = 100;

export class Writer {
  readonly #file: string;
  readonly #tell: (answers: Answer[]) => void;
  readonly #db: DatabaseSync;
  readonly #operations: Operations;
  readonly #mayBeUndone: (operation: string, result: unknown) => boolean;
  /** Null: each commit waits for the disk by itself. */
  readonly #log: LogSync | null;
  #soon: NodeJS.Timeout | null = null;

  /** Throws as openDatabase() does. */
  constructor(engine: Engine<Operations>, file: string, tell: (answers: Answer[]) => void) {
    const { migrations, mayBeUndone } = engine;
    this.#file = file;
    this.#tell = tell;
    this.#db = openDatabase(file, { durability: mayBeUndone === undefined ? "full" : "normal", migrations, shrinks: true });
    this.#db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    this.#operations = engine.operations(this.#db);
    this.#mayBeUndone = mayBeUndone ?? (() => false);
    this.#log = mayBeUndone === undefined ? null : new LogSync(this.#db, file);
  }

  run(batch: readonly Asked[]): void {
    const answers = runBatch(this.#db, this.#operations, this.#file, batch);
    if (this.#log === null) return this.#tell(answers);
    const isEarly = answers.map((answer, at) => "result" in answer && this.#mayBeUndone(batch[at]!.operation, answer.result));
    const early = answers.filter((_, at) => isEarly[at]);
    if (early.length > 0) this.#tell(early);
    if (early.length === answers.length) return this.#syncSoon(this.#log);
    this.#sync(
      this.#log,
      answers.filter((_, at) => !isEarly[at]),
    );
  }

  close(): void {
    this.#stopTimer();
    this.#log?.close();
    // The last connection of a file writes all of its log to the disk.
    this.#db.close();
  }

  /** Tells the answers when what was written is on the disk. */
  #sync(log: LogSync, answers: Answer[]): void {
    this.#stopTimer();
    try {
      log.sync();
    } catch (error) {
      const refused = failure(error, this.#file);
      this.#tell(answers.map(({ number }) => ({ number, ...refused })));
      throw error;
    }
    this.#tell(answers);
  }

  #syncSoon(log: LogSync): void {
    if (this.#soon !== null || log.isDone) return;
    // oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this thread alone, which its owner tells of and starts again
    this.#soon = setTimeout(() => this.#sync(log, []), SOON_MS);
  }

  #stopTimer(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
  }
}
