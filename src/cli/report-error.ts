/** What a person reads when a command fails: the cause, then the remedy. */
import { type ErrorBody, MayflyError, asMayflyError } from "../base/errors/error.ts";
import { type ExitCode, exitCodeOf } from "./exit-codes.ts";
import { bold, harmless, red } from "../base/terminal/terminal.ts";

/** Prints the error to stderr, as JSON if asked. Returns the exit code. A defect of Mayfly's is printed with its stack. */
export function reportError(thrown: unknown, json: boolean): ExitCode {
  const error = asMayflyError(fileError(thrown) ?? thrown);
  console.error(json ? JSON.stringify(error.body()) : inWords(error.body()));
  if (error.code === "internal") console.error(thrown);
  return exitCodeOf(error.code);
}

/**
 * Turns an error of the file system into one that the user can act on: it names the path and what was refused. A program that is missing is
 * not such an error.
 */
function fileError(thrown: unknown): MayflyError | undefined {
  if (!(thrown instanceof Error) || thrown instanceof MayflyError) return undefined;
  const { path, syscall, code, message } = thrown as NodeJS.ErrnoException;
  if (path === undefined || code === undefined || syscall?.startsWith("spawn")) return undefined;
  return new MayflyError("file-unusable", { file: path, what: message }, thrown);
}

/** Also takes errors that arrived over HTTP. */
export function inWords({ error }: ErrorBody): string {
  const id = error.id === undefined ? "" : ` (invocation ${error.id})`;
  return `${bold(red("error:", process.stderr), process.stderr)} ${harmless(error.message)}${id}\n  cure: ${error.cure}\n  more: ${error.docs}`;
}
