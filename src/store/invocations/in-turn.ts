/** The first items of several lists, one of each list in turn, so that a long list takes no place from a short one. Pure. */
export function inTurn<T>(lists: readonly (readonly T[])[], most: number): T[] {
  const taken: T[] = [];
  let left = lists.filter((list) => list.length > 0);
  for (let at = 0; left.length > 0 && taken.length < most; at++) {
    for (const list of left.slice(0, most - taken.length)) taken.push(list[at]!);
    left = left.filter((list) => list.length > at + 1);
  }
  return taken;
}
