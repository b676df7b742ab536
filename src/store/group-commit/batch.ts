/** Carries out operations that came together in one transaction, so that all of them are on the disk after one fsync. */
import type { DatabaseSync } from "node:sqlite";
import { asMayflyError, type ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { failureOf, isFull } from "../sqlite/failure.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Operations } from "./engine.ts";

export interface Asked {
  /** By which its answer is known. */
  number: number;
  operation: string;
  argument: unknown;
}

export type Answer = { number: number } & ({ result: unknown } | Failure);

export interface Failure {
  code: ErrorCode;
  details: ErrorDetails;
}

/** Runs `work` as one transaction. Throws what it throws; then nothing of it is stored. */
type Transact = <T>(work: () => T) => T;

export interface Transactions {
  /** Of operations that came together. Undefined: each of them has one of its own at once. */
  many: Transact | undefined;
  /** Of one operation alone. */
  one: (asked: Asked) => Transact;
}

/**
 * Returns an answer for each operation, in their order. All of them are committed when it returns. If the transaction as a whole fails, as it does when one operation fills
 * the disk, each operation is tried again in a transaction of its own, so that those that free space are not kept back by those that need it.
 */
export function runBatch(
  db: DatabaseSync,
  operations: Operations,
  file: string,
  batch: readonly Asked[],
  { many, one }: Transactions = plain(db),
): Answer[] {
  const alone = () => batch.map((asked) => runAlone(operations, file, asked, one(asked)));
  if (batch.length === 1 || many === undefined) return alone();
  try {
    return many(() => batch.map((asked) => attempt(db, operations, file, asked)));
  } catch {
    return alone();
  }
}

function plain(db: DatabaseSync): Transactions {
  const transact: Transact = (work) => transaction(db, work);
  return { many: transact, one: () => transact };
}

function runAlone(operations: Operations, file: string, { number, operation, argument }: Asked, transact: Transact): Answer {
  try {
    return { number, result: transact(() => operations[operation]!(argument)) };
  } catch (error) {
    return { number, ...failure(error, file) };
  }
}

/** Answers that wait to be told together, bytes: large ones are told one by one, so that they are not in memory at once. */
const TOLD_BYTES = 1_048_576;

/** Carries out operations that only read, each by itself. @param tell called with answers in the order of the operations, at least once */
export function readBatch(operations: Operations, file: string, batch: readonly Asked[], tell: (answers: Answer[]) => void): void {
  let [answers, bytes]: [Answer[], number] = [[], 0];
  for (const { number, operation, argument } of batch) {
    try {
      const result = operations[operation]!(argument);
      answers.push({ number, result });
      bytes += bytesIn(result);
    } catch (error) {
      answers.push({ number, ...failure(error, file) });
    }
    if (bytes < TOLD_BYTES) continue;
    tell(answers);
    [answers, bytes] = [[], 0];
  }
  tell(answers);
}

/** Of a result with a `value`; whatever else there is in results is small. */
function bytesIn(result: unknown): number {
  const value = (result as { value?: unknown } | null)?.value;
  return value instanceof Uint8Array ? value.length : 0;
}

/** Throws if the whole transaction is lost. */
function attempt(db: DatabaseSync, operations: Operations, file: string, { number, operation, argument }: Asked): Answer {
  db.exec("SAVEPOINT operation");
  try {
    const result = operations[operation]!(argument);
    db.exec("RELEASE operation");
    return { number, result };
  } catch (error) {
    // A full disk mostly ends the transaction, and with it the savepoint. Where it does not, the operation is to be tried again by itself all the same.
    if (!db.isTransaction || isFull(error)) throw error;
    db.exec("ROLLBACK TO operation; RELEASE operation");
    return { number, ...failure(error, file) };
  }
}

/** What an operation is answered with that failed. */
export function failure(error: unknown, file: string): Failure {
  const { code, details } = asMayflyError(failureOf(error, file));
  return { code, details };
}
