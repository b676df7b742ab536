/**
 * Carries out the operations of a file that is written, in the thread of its group commit.
 *
 * 1. An operation is answered when the disk has what it wrote; one of which the engine says that a power cut may undo it, when it is committed.
 * 2. What such an operation wrote is on the disk SOON_MS later at the latest.
 * 3. Operations that wait for the disk are carried out together, when there are as many as sync-group.ts expects; or before one that does not wait for the disk, so that all are in their order.
 * 4. On a full disk, operations that free space, or finish something, may use what is held in reserve for them: see disk-space.ts.
 * 5. If the disk takes nothing more, the thread ends: what was committed and is not on the disk is seen by nobody again before SQLite has read the file anew.
 */
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../sqlite/open.ts";
import { type Answer, type Asked, failure, runBatch, type Transactions } from "./batch.ts";
import { DiskSpace, openByReserve } from "./disk-space.ts";
import type { Engine, Operations } from "./engine.ts";
import { LogSync } from "./log-sync.ts";
import { SyncGroup } from "./sync-group.ts";

/** What the file of the write-ahead log keeps when the log is begun again, bytes: on a full disk, that is room for what frees space. */
const LOG_BYTES = 8_388_608;
/** Milliseconds. */
const SOON_MS = 100;
/** Between two attempts to make the reserve whole, milliseconds. */
const RESTORE_MS = 2_000;

export class Writer {
  readonly #file: string;
  readonly #tell: (answers: Answer[]) => void;
  readonly #now: () => number;
  readonly #db: DatabaseSync;
  readonly #operations: Operations;
  readonly #transactions: Transactions;
  readonly #space: DiskSpace;
  readonly #mayBeUndone: NonNullable<Engine<Operations>["mayBeUndone"]>;
  /** Null: each commit waits for the disk by itself. */
  readonly #log: LogSync | null;
  readonly #group = new SyncGroup();
  /** Not carried out yet. */
  #held: Asked[] = [];
  /** Of operations that were committed and wait for the disk. */
  #late: Answer[] = [];
  /** When the disk must have what was committed; Infinity: it has all. */
  #syncBy = Infinity;

  /** Throws as openDatabase() does. @param now a monotonic clock, milliseconds */
  constructor(engine: Engine<Operations>, file: string, tell: (answers: Answer[]) => void, now: () => number) {
    const { migrations, mayBeUndone, spaceUse = () => "needs" } = engine;
    this.#file = file;
    this.#tell = tell;
    this.#now = now;
    const durability = mayBeUndone === undefined ? "full" : "normal";
    this.#db = openByReserve(file, () => openDatabase(file, { durability, migrations, shrinks: true }));
    this.#db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    this.#operations = engine.operations(this.#db);
    this.#space = new DiskSpace(this.#db, file);
    this.#transactions = {
      many: (work) => this.#space.transact(work),
      one:
        ({ operation, argument }) =>
        (work) =>
          this.#space.transactByReserve(() => spaceUse(operation, argument, this.#db), work),
    };
    this.#mayBeUndone = mayBeUndone ?? {};
    this.#log = mayBeUndone === undefined ? null : new LogSync(this.#db, file);
  }

  /** Whether rest() has to be called when nothing more has come. If not, all that came is done when run() returns. */
  get rests(): boolean {
    return this.#log !== null;
  }

  run(batch: readonly Asked[]): void {
    if (this.#log === null) return this.#tell(this.#carryOut(batch));
    this.#held.push(...batch);
    const early = batch.filter(({ operation }) => Object.hasOwn(this.#mayBeUndone, operation)).length;
    const now = this.#now();
    // Where more comes all the time, rest() is never called.
    const isDue = Math.min(this.#syncBy, this.#group.until) < now;
    let isWhole = this.#group.add(batch.length - early, now) || isDue;
    if (isWhole || early > 0) isWhole = this.#group.add(this.#commit(this.#log), now) || isWhole;
    if (isWhole) this.#sync(this.#log);
  }

  /** Called when nothing more has come. Returns for how long nothing is due, milliseconds. */
  rest(): number {
    if (!this.#space.isWhole) this.#space.restore();
    const most = this.#space.isWhole ? Infinity : RESTORE_MS;
    if (this.#log === null) return most;
    const wait = Math.min(this.#syncBy, this.#group.rest()) - this.#now();
    if (wait > 0) return Math.min(wait, most);
    this.#commit(this.#log);
    this.#sync(this.#log);
    return most;
  }

  close(): void {
    // A backup may have the file open: then this is not its last connection.
    if (this.#log !== null && (this.#held.length + this.#late.length > 0 || this.#syncBy < Infinity)) {
      this.#commit(this.#log);
      this.#sync(this.#log);
    }
    this.#log?.close();
    // The last connection of a file writes all of its log to the disk.
    this.#db.close();
    this.#space.close();
  }

  #carryOut(batch: readonly Asked[]): Answer[] {
    if (this.#space.isWhole) return runBatch(this.#db, this.#operations, this.#file, batch, this.#transactions);
    // What an operation takes of the disk is known only by itself.
    const answers = runBatch(this.#db, this.#operations, this.#file, batch, { ...this.#transactions, many: undefined });
    this.#space.restore();
    return answers;
  }

  /** Returns how many of those operations wait for the disk that mostly do not. */
  #commit(log: LogSync): number {
    if (this.#held.length === 0) return 0;
    const batch = this.#held;
    this.#held = [];
    const early: Answer[] = [];
    let waits = 0;
    for (const [at, answer] of this.#carryOut(batch).entries()) {
      const mayBeUndone = this.#mayBeUndone[batch[at]!.operation];
      if (mayBeUndone !== undefined && "result" in answer && mayBeUndone(answer.result)) early.push(answer);
      else {
        this.#late.push(answer);
        if (mayBeUndone !== undefined) waits++;
      }
    }
    if (early.length > 0) this.#tell(early);
    if (this.#syncBy === Infinity && !log.isDone) this.#syncBy = this.#now() + SOON_MS;
    return waits;
  }

  /** Tells the answers that wait, when what was written is on the disk. */
  #sync(log: LogSync): void {
    const answers = this.#late;
    this.#late = [];
    this.#syncBy = Infinity;
    const began = this.#now();
    let took: number | undefined;
    try {
      if (log.sync()) took = this.#now() - began;
    } catch (error) {
      const refused = failure(error, this.#file);
      this.#tell(answers.map(({ number }) => ({ number, ...refused })));
      throw error;
    }
    this.#group.synced(answers.length, took);
    if (answers.length > 0) this.#tell(answers);
  }
}
