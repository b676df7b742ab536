/** Lists that are given in pages. A token says after which name the next page begins. */
import { invalid } from "./service-error.ts";

export function pageOf<T extends { name: string }>(
  items: readonly T[],
  token: string | undefined,
  count: number,
): { items: T[]; next: { NextToken?: string } } {
  const after = token === undefined ? undefined : Buffer.from(token, "base64url").toString();
  if (after === "") throw invalid("Parameter NextToken is not valid.");
  const left = after === undefined ? items : items.filter(({ name }) => name > after);
  const taken = left.slice(0, count);
  const next = left.length > count ? { NextToken: Buffer.from(taken.at(-1)!.name).toString("base64url") } : {};
  return { items: taken, next };
}
