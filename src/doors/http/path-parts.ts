/** Where the parts of a path end: they count as they are written, nothing is decoded. */

export const SLASH = 47;
const QUESTION_MARK = 63;
const AT = 64;

/** The index at which the app's name begins: behind the slash, or behind `/@tenant/`. It may be beyond the path's end. */
export function appStart(path: string): number {
  return path.charCodeAt(1) === AT ? partEnd(path, 2) + 1 : 1;
}

/** The index at which the part of the path that begins at `from` ends. */
export function partEnd(path: string, from: number): number {
  let at = from;
  for (; at < path.length; at += 1) {
    const character = path.charCodeAt(at);
    if (character === SLASH || character === QUESTION_MARK) break;
  }
  return at;
}
