/** What a function's URL answers to browsers, by the `Cors` of its configuration. */

export interface CorsRules {
  AllowCredentials?: boolean;
  AllowHeaders?: string[];
  AllowMethods?: string[];
  AllowOrigins?: string[];
  ExposeHeaders?: string[];
  /** In seconds. */
  MaxAge?: number;
}

/** The headers that take the place of the function's own. Name, value, name, value …; none if the origin is not allowed. */
export function corsHeaders(rules: CorsRules, origin: string | undefined): string[] {
  if (origin === undefined) return [];
  const { AllowOrigins = [], AllowCredentials = false } = rules;
  const ExposeHeaders = carried(rules.ExposeHeaders);
  if (!AllowOrigins.some((each) => matches(each, origin))) return [];
  const anybody = AllowOrigins.includes("*") && !AllowCredentials;
  return [
    "access-control-allow-origin",
    anybody ? "*" : origin,
    ...(anybody ? [] : ["vary", "Origin"]),
    ...(AllowCredentials ? ["access-control-allow-credentials", "true"] : []),
    ...(ExposeHeaders.length > 0 ? ["access-control-expose-headers", ExposeHeaders.join(",")] : []),
  ];
}

/** Those that a header can carry: AWS lets a configuration have any text, and a text that is no header's would end the reply. */
function carried(texts: readonly string[] = []): string[] {
  return texts.filter((text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text));
}

/** The answer to a browser's question whether it may send a request. The function is not asked. */
export function preflightHeaders(rules: CorsRules, origin: string | undefined): string[] {
  const allowed = corsHeaders(rules, origin);
  if (allowed.length === 0) return [];
  const [AllowMethods, AllowHeaders] = [carried(rules.AllowMethods), carried(rules.AllowHeaders)];
  const { MaxAge } = rules;
  return [
    ...allowed,
    ...(AllowMethods.length > 0 ? ["access-control-allow-methods", AllowMethods.join(",")] : []),
    ...(AllowHeaders.length > 0 ? ["access-control-allow-headers", AllowHeaders.join(",")] : []),
    ...(MaxAge !== undefined ? ["access-control-max-age", String(MaxAge)] : []),
  ];
}

/** "*" stands for any characters, as in https://*.example.com. */
function matches(allowed: string, origin: string): boolean {
  if (!allowed.includes("*")) return allowed.toLowerCase() === origin.toLowerCase();
  const [before = "", ...after] = allowed.toLowerCase().split("*");
  let at = before.length;
  if (!origin.toLowerCase().startsWith(before)) return false;
  for (const [index, part] of after.entries()) {
    const rest = origin.toLowerCase().slice(at);
    const found = index === after.length - 1 ? (rest.endsWith(part) ? rest.length - part.length : -1) : rest.indexOf(part);
    if (found < 0) return false;
    at += found + part.length;
  }
  return true;
}
