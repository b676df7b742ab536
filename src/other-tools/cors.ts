/** What a file says of pages of other origins, as `cors` of mayfly.json has it. The tools call the same things by many names. */
import { accessKeys, type CorsRule } from "../store/catalog/access-schema.ts";
import type { Place } from "./document/place.ts";
import { isScalar } from "./document/value.ts";
import type { PassedOver } from "./translation.ts";

export interface Cors {
  rule: CorsRule | undefined;
  passedOver: PassedOver[];
}

const names = {
  origins: ["origins", "origin", "allowedOrigins", "AllowOrigins", "AllowOrigin"],
  methods: ["methods", "allowedMethods", "AllowMethods"],
  headers: ["headers", "allowedHeaders", "AllowHeaders"],
  exposeHeaders: ["exposedResponseHeaders", "ExposeHeaders"],
  credentials: ["allowCredentials", "AllowCredentials"],
  maxAgeS: ["maxAge", "MaxAge"],
};

/** @param place `true`, the origins as a text, or a map */
export function corsOf(place: Place): Cors {
  const { value, at } = place;
  if (!place.isThere || value === false) return { rule: undefined, passedOver: [] };
  const given = value === true ? { origins: "*" } : isScalar(value) ? { origins: originsOf(listOf(place)) } : ruleOf(place);
  const parsed = accessKeys.cors.safeParse(given);
  if (parsed.success) return { rule: parsed.data, passedOver: [] };
  const why = `CORS is not taken over, because ${parsed.error.issues[0]?.message ?? "it cannot be read"}: say it in \`cors\` of mayfly.json (docs/access.md).`;
  return { rule: undefined, passedOver: [{ at, why }] };
}

function ruleOf(place: Place): object {
  const [methods, headers, exposeHeaders] = [names.methods, names.headers, names.exposeHeaders].map((all) => listOf(oneOf(place, all)));
  const credentials = oneOf(place, names.credentials).value;
  const maxAge = oneOf(place, names.maxAgeS).value;
  return {
    origins: originsOf(listOf(oneOf(place, names.origins)) ?? ["*"]),
    ...(isNamed(methods) && { methods }),
    ...(isNamed(headers) && { headers }),
    ...(isNamed(exposeHeaders) && { exposeHeaders }),
    ...(credentials === true || credentials === "true" ? { credentials: true } : {}),
    ...(isScalar(maxAge) && { maxAgeS: Number(unquoted(String(maxAge))) }),
  };
}

/** A star stands for all, which is as without the key. */
function isNamed(list: string[] | undefined): boolean {
  return list !== undefined && list.length > 0 && !list.includes("*");
}

function originsOf(list: string[] | undefined): string[] | "*" {
  return list === undefined || list.includes("*") ? "*" : list;
}

function oneOf(place: Place, all: string[]): Place {
  return all.map((name) => place.key(name)).find((each) => each.isThere) ?? place.key(all[0]!);
}

/** Lists may be texts with commas, and texts of API Gateway have quotes of their own. */
function listOf(place: Place): string[] | undefined {
  if (!place.isThere) return undefined;
  return place
    .items()
    .flatMap(({ value }) => (isScalar(value) ? unquoted(String(value)).split(",") : [""]))
    .map((each) => each.trim());
}

function unquoted(text: string): string {
  return text.replace(/^'([^]*)'$/, "$1");
}
