import type { Place } from "../document/place.ts";
import type { ToolAccess } from "../translation.ts";

/** An authorizer of SAM's HttpApi that checks JWTs; undefined for any other. @param authorizer evaluated */
export function jwtOf(authorizer: Place): ToolAccess | undefined {
  const configuration = authorizer.key("JwtConfiguration");
  const issuer = configuration.key("issuer").value;
  const audience = configuration.key("audience").items();
  const texts = audience.flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  return typeof issuer === "string" && texts.length > 0 && texts.length === audience.length ? { issuer, audience: texts } : undefined;
}
