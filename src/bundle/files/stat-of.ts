import { type Stats, statSync } from "node:fs";

/**
 * What the path leads to; undefined if that is nothing, or cannot be looked at. Node's `throwIfNoEntry` still throws for links that lead in circles, for names that
 * are too long, as a program's parameters may be, and for folders of other users.
 */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
