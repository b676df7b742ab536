import type { BuildFailure, Message } from "esbuild";
import { MayflyError, asMayflyError } from "../base/errors/error.ts";
import { adviceFor } from "./packages/judge.ts";
import { isBare, packageName } from "./packages/package-file.ts";
import type { FunctionSource } from "./function-source.ts";

/** Errors shown, at most: the first ones are usually the cause of the rest. */
const SHOWN = 3;

/** What esbuild threw, as an error of the table. */
export function buildFailure(error: unknown, { root, name }: FunctionSource): MayflyError {
  if (!isBuildFailure(error)) return asMayflyError(error);
  const shown = error.errors.slice(0, SHOWN).map((message) => inWords(message) + advice(message, root));
  const more = error.errors.length - shown.length;
  return new MayflyError("build-failed", { function: name, what: shown.join("; ") + (more > 0 ? `; and ${more} more` : "") }, error);
}

/** text (file:line:column) */
export function inWords({ text, location }: Message): string {
  return location ? `${text} (${location.file}:${location.line}:${location.column + 1})` : text;
}

/** For a package that is not installed, as opposed to a file that is not there, and for a file of a kind that nobody knows. */
function advice({ text }: Message, root: string): string {
  const [, missing] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  if (missing !== undefined && isBare(missing)) {
    return `: ${adviceFor(packageName(missing)) ?? `if it is an npm package, run npm install in ${root}`}`;
  }
  const [, file] = /^No loader is configured for "[^"]*" files: (.*)/.exec(text) ?? [];
  return file === undefined ? "" : `: import it \`with { type: "text" }\` as a string, or \`with { type: "bytes" }\` as a Uint8Array`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
