/** What a person reads when a command fails: the cause, then the cure. */
import { type ErrorBody, MayflyError, asMayflyError } from "../errors/error.ts";
import { type ExitCode, exitCodeOf } from "./exit-codes.ts";
import { bold, red } from "./terminal.ts";

/** Prints to stderr, as JSON where asked; returns the exit code. A defect of ours comes with its stack. */
export function reportError(thrown: unknown, json: boolean): ExitCode {
  const error = asMayflyError(thrown);
  console.error(json ? JSON.stringify(error.body()) : inWords(error.body()));
  if (!(thrown instanceof MayflyError)) console.error(thrown);
  return exitCodeOf(error.code);
}

/** For an error that came over HTTP, too. */
export function inWords({ error }: ErrorBody): string {
  const id = error.id === undefined ? "" : ` (invocation ${error.id})`;
  return `${bold(red("error:", process.stderr), process.stderr)} ${error.message}${id}\n  cure: ${error.cure}\n  more: ${error.docs}`;
}
