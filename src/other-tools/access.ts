/** Who may call a function that several events lead to. */
import type { PassedOver, ToolAccess } from "./translation.ts";

/**
 * A function is called by whoever may call one of its routes, so the strictest counts for all of them: what was protected must not become public because the
 * function is called from elsewhere, too. Without any, it is not for callers from outside.
 * @param at the function's place in the file
 */
export function accessOf(ways: ToolAccess[], at: string): { access: ToolAccess; passedOver: PassedOver[] } {
  if (ways.length === 0) {
    const why = "No event of HTTP leads to it, so only holders of a token of this server may call it: docs/access.md has the other ways.";
    return { access: "token", passedOver: [{ at, why }] };
  }
  const closed = ways.filter((way) => way !== "public");
  if (closed.length === 0) return { access: "public", passedOver: [] };
  const [first] = closed as [ToolAccess];
  const access = closed.every((way) => JSON.stringify(way) === JSON.stringify(first)) ? first : "token";
  const mixed =
    ways.length > closed.length
      ? [{ at, why: "Some of its routes are guarded, and here all of them are: who may call is of the function." }]
      : [];
  return { access, passedOver: [...mixed, ...said(access, at)] };
}

/** Where the public keys of most issuers are, below the issuer's own URL. */
export function keysOf(issuer: string): string {
  return `${issuer.replace(/\/+$/, "")}/.well-known/jwks.json`;
}

function said(access: ToolAccess, at: string): PassedOver[] {
  if (access === "public") return [];
  return [{ at, why: typeof access === "string" ? reasons[access] : keysSought(access.issuer) }];
}

const reasons = {
  token: "An authorizer of Amazon's guards it, in place of which callers need a token of this server: docs/access.md has the other ways.",
  aws: "Its callers sign their requests as for Amazon's IAM, with key pairs of this server: `mayfly key create` makes one, and docs/access.md has the other ways.",
};

function keysSought(issuer: string): string {
  return `The keys of the issuer of its JWTs are looked for at ${keysOf(issuer)}: docs/access.md says how to name others.`;
}
