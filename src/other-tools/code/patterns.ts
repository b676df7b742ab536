/** The globs by which another tool chooses the files of a package, as `files` of mayfly.json has them. */
import { globSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { PassedOver } from "../translation.ts";

const foreign = new Set(["node_modules", "__pycache__"]);

/**
 * Those that bring files. A glob that takes files out has no counterpart: only what code imports or names, and what a glob names, travels.
 * @param folder the globs are relative to it @param at their place in the tool's file
 */
export function matching(folder: string, patterns: string[], at: string): { globs: string[]; passedOver: PassedOver[] } {
  const wanted = [...new Set(patterns)].filter((pattern) => !pattern.startsWith("!"));
  const refused = wanted.flatMap((pattern) => {
    const why = whyRefused(pattern);
    return why === undefined ? [] : [{ at, why: `The pattern ${JSON.stringify(pattern.slice(0, 100))} ${why}.` }];
  });
  return { globs: wanted.filter((pattern) => whyRefused(pattern) === undefined && hasFiles(folder, pattern)), passedOver: refused };
}

/** A clause, or undefined for a pattern that may be looked for. */
function whyRefused(pattern: string): string | undefined {
  if (isAbsolute(pattern) || pattern.split(/[/\\]/).includes("..")) return "leads out of the folder";
  return foreign.has(pattern.split("/", 1)[0]!) ? "names packages, which the deploy finds by itself" : undefined;
}

function hasFiles(folder: string, pattern: string): boolean {
  const exclude = ({ name }: { name: string }) => foreign.has(name) || (name.startsWith(".") && name !== ".");
  return globSync(pattern, { cwd: folder, exclude, withFileTypes: true }).some((entry) => entry.isFile());
}
