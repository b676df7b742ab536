/** The claims of a caller's JWT, which the gateway has checked (docs/access.md), as API Gateway's authorizers give them: every value is a text. */

/** Undefined if no JWT let the caller in. @param way the header x-mayfly-caller-way @param encoded the header x-mayfly-caller-claims */
export function claimsOf(way: string | undefined, encoded: string | undefined): Record<string, string> | undefined {
  if (way !== "jwt" || encoded === undefined) return undefined;
  const claims = JSON.parse(Buffer.from(encoded, "base64url").toString()) as object;
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, textOf(value)]));
}

/** The scopes that a token has, as API Gateway lists them. */
export function scopesOf({ scope }: Record<string, string>): string[] | null {
  return scope === undefined ? null : scope.split(" ");
}

/** Lists are words in brackets there, and objects are JSON. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? `[${value.map(textOf).join(" ")}]` : JSON.stringify(value);
}
