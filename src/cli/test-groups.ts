/**
 * Says which test files run together in one process. Before its first test a process uses CPU time to start Node and to load modules, and most files' own tests
 * need less than that. Files of one room share a process, one file after the other (test-group.ts), because they load the same modules.
 *
 * A file has a process of its own
 *
 * - if it lies in `test/`, or in one of the folders of `ALONE`: it starts machines or programs, and may run for minutes;
 * - if a line of it begins with `// Own process:` and says why: it changes what belongs to the whole process, or takes long.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Files in one process, at most: several processes run at a time, and none should be left that runs long after the others. */
const MOST = 20;

const ALONE = /^src\/(bundle|egress|guest|images|machines)\//;

const OWN_PROCESS = /^\/\/ Own process: /m;

/** @param files paths relative to `root`, or absolute ones. Returns them in groups, which are in the order of their first files */
export function groupTests(files: string[], root: string): string[][] {
  const groups: string[][] = [];
  for (const own of Map.groupBy(files, (file) => processOf(file, root)).values())
    for (let at = 0; at < own.length; at += MOST) groups.push(own.slice(at, at + MOST));
  return groups;
}

/** Files for which this is the same may share a process. */
function processOf(file: string, root: string): string {
  const room = /^(src|lab)\/[^/]+/.exec(file)?.[0];
  return room === undefined || ALONE.test(file) || OWN_PROCESS.test(readFileSync(resolve(root, file), "utf8")) ? file : room;
}
