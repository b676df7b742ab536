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
  if (foreign.has(pattern.split("/", 1)[0]!)) return "names packages, which the deploy finds by itself";
  return isCostly(pattern) ? "stands for too many others: write several patterns, or a plainer one" : undefined;
}

/** Of braces, and of groups that may repeat. */
const MOST_GROUPS = 4;
/** In characters. */
const LONGEST = 1_000;

/** Of stars in a part of a path, and of parts that are `**`: how often a name can be split grows with each. */
const MOST_STARS = 3;

/** Twenty pairs of braces stand for a million patterns, and so does `{1..1000000}`; of repeated groups, and of many stars, a search is never through with a name. */
function isCostly(pattern: string): boolean {
  const groups = pattern.match(/\{|[+*?@!]\(/g)?.length ?? 0;
  const alternatives = pattern.match(/[,|]/g)?.length ?? 0;
  const parts = pattern.split("/");
  return (
    pattern.length > LONGEST ||
    groups > MOST_GROUPS ||
    (groups > 1 && alternatives > 4 * MOST_GROUPS) ||
    /\{[^}]*\.\./.test(pattern) ||
    parts.filter((part) => part === "**").length > MOST_STARS ||
    parts.some((part) => part !== "**" && part.split("*").length - 1 > MOST_STARS)
  );
}

function hasFiles(folder: string, pattern: string): boolean {
  const exclude = ({ name }: { name: string }) => foreign.has(name) || (name.startsWith(".") && name !== ".");
  return globSync(pattern, { cwd: folder, exclude, withFileTypes: true }).some((entry) => entry.isFile());
}
