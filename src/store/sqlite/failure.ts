import { basename } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";

/** Some of SQLite's primary result codes: https://sqlite.org/rescode.html */
const SqliteCode = { Wrong: 1, IoError: 10, Corrupt: 11, Full: 13, CannotOpen: 14, ReadOnly: 8, Busy: 5, NotADatabase: 26 } as const;

/** SQLite's extended result code where the index of a write-ahead log, which is a file beside it, can't grow. */
const SHARED_MEMORY_SIZE = 4874;

/**
 * Turns what SQLite or the file system threw into an error of the table; anything else is returned unchanged. The error has the name of the file alone: callers see it, who
 * must not learn where the host keeps its files.
 */
export function failureOf(error: unknown, path: string): unknown {
  const file = basename(path);
  if (error instanceof Error && "syscall" in error) return ofFileSystem(error as NodeJS.ErrnoException, file);
  const result = resultCode(error);
  if (result === undefined || !(error instanceof Error)) return error;
  if (result === SHARED_MEMORY_SIZE) return new MayflyError("disk-full", { file }, error);
  const what = error.message;
  switch (result & 0xff) {
    case SqliteCode.Full:
      return new MayflyError("disk-full", { file }, error);
    case SqliteCode.Corrupt:
    case SqliteCode.NotADatabase:
      return new MayflyError("state-damaged", { file, what }, error);
    case SqliteCode.IoError:
    case SqliteCode.CannotOpen:
    case SqliteCode.ReadOnly:
    case SqliteCode.Busy:
      return new MayflyError("state-unusable", { file, what }, error);
    default:
      return error;
  }
}

function ofFileSystem(error: NodeJS.ErrnoException, file: string): MayflyError {
  if (error.code === "ENOSPC") return new MayflyError("disk-full", { file }, error);
  return new MayflyError("state-unusable", { file, what: failureText(error) }, error);
}

/** Whether the database is locked by another connection. */
export function isBusy(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === SqliteCode.Busy;
}

/** Whether the disk is full, or the file is as large as it may be. */
export function isFull(error: unknown): boolean {
  const result = resultCode(error) ?? 0;
  return (result & 0xff) === SqliteCode.Full || result === SHARED_MEMORY_SIZE;
}

/** Whether the statement does not fit the tables, for example because one is missing or exists already. */
export function isWrongStatement(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === SqliteCode.Wrong;
}

function resultCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code : undefined;
}
