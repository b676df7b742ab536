import type { ToolAccess } from "./translation.ts";

/**
 * Who may call a function that several events lead to. A function is called by whoever may call one of its routes, so the strictest counts for all of them: what
 * was protected must not become public because it is called from elsewhere, too. Without any, it is not for callers from outside.
 */
export function strictest(ways: ToolAccess[]): ToolAccess {
  if (ways.length === 0) return "token";
  const closed = ways.filter((way) => way !== "public");
  if (closed.length === 0) return "public";
  const [first] = closed as [ToolAccess];
  return closed.every((way) => JSON.stringify(way) === JSON.stringify(first)) ? first : "token";
}
