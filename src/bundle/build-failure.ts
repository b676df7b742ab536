import type { BuildFailure, Message } from "esbuild";
import { MayflyError, asMayflyError } from "../base/errors/error.ts";
import { adviceFor } from "./packages/judge.ts";
import { isBare, packageName } from "./packages/package-file.ts";
import type { FunctionSource } from "./function-source.ts";

/** At most this many errors are shown: the first ones usually cause the others. */
const SHOWN = 3;

/** Turns what esbuild threw into an error of the table. */
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

/** Advice for packages that are not installed (as opposed to missing files), and for files of a kind that esbuild does not know. */
function advice({ text }: Message, root: string): string {
  const [, missing] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  if (missing !== undefined && isBare(missing)) {
    return `: ${adviceFor(packageName(missing)) ?? `if it is an npm package, run npm install in ${root}`}`;
  }
  const [, file] = /^No loader is configured for "[^"]*" files: (.*)/.exec(text) ?? [];
  if (file !== undefined && /\.(?:py|java)$/.test(file)) {
    const runtime = file.endsWith(".py") ? "python" : "java";
    return `: for a function in that language, say "runtime": "${runtime}" in mayfly.json`;
  }
  return file === undefined ? "" : `: import it \`with { type: "text" }\` as a string, or \`with { type: "bytes" }\` as a Uint8Array`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
