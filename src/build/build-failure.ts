import type { BuildFailure, Message } from "esbuild";
import { MayflyError, asMayflyError } from "../errors/error.ts";
import type { FunctionSource } from "./bundle-function.ts";
import { nativeAddOnOf } from "./native-add-ons.ts";

/** Errors shown, at most: the first ones are usually the cause of the rest. */
const SHOWN = 3;

/** What esbuild threw, as an error of the table. */
export function buildFailure(error: unknown, { root, name }: FunctionSource): MayflyError {
  if (!isBuildFailure(error)) return asMayflyError(error);
  const native = error.errors.map(nativeAddOnOf).find((file) => file !== undefined);
  if (native !== undefined) return new MayflyError("native-addon", { function: name, file: native }, error);
  const shown = error.errors.slice(0, SHOWN).map((message) => inWords(message) + advice(message, root));
  const more = error.errors.length - shown.length;
  return new MayflyError("build-failed", { function: name, what: shown.join("; ") + (more > 0 ? `; and ${more} more` : "") }, error);
}

/** text (file:line:column) */
export function inWords({ text, location }: Message): string {
  return location ? `${text} (${location.file}:${location.line}:${location.column + 1})` : text;
}

/** For a package that is not installed, as opposed to a file that is not there. */
function advice({ text }: Message, root: string): string {
  return /^Could not resolve "[^./#]/.test(text) ? `: if it is an npm package, run npm install in ${root}` : "";
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
