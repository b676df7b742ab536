/** Which pages of other origins may use a bucket. */
import { S3Error } from "./s3-error.ts";
import type { Element, Xml } from "./xml.ts";

export interface CorsRule {
  id?: string | undefined;
  origins: string[];
  methods: string[];
  headers: string[];
  exposed: string[];
  maxAgeS?: number | undefined;
}

const methods = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);
const MOST_RULES = 100;

/** @param root CORSConfiguration */
export function corsOfXml(root: Element): CorsRule[] {
  const rules = root.all("CORSRule").map((rule) => ({
    id: rule.text("ID"),
    origins: rule.all("AllowedOrigin").map(({ value }) => value),
    methods: rule.all("AllowedMethod").map(({ value }) => value),
    headers: rule.all("AllowedHeader").map(({ value }) => value),
    exposed: rule.all("ExposeHeader").map(({ value }) => value),
    maxAgeS: rule.number("MaxAgeSeconds"),
  }));
  if (rules.length === 0 || rules.length > MOST_RULES || rules.some(({ origins, methods: of }) => origins.length === 0 || of.length === 0))
    throw new S3Error("MalformedXML");
  for (const method of rules.flatMap((rule) => rule.methods))
    if (!methods.has(method))
      throw new S3Error("InvalidRequest", {}, `Found unsupported HTTP method in CORS config. Unsupported method is ${method.slice(0, 50)}`);
  for (const text of rules.flatMap((rule) => [...rule.origins, ...rule.headers]))
    if (text.split("*").length > 2) throw new S3Error("InvalidRequest", {}, `"${text.slice(0, 100)}" can not have more than one wildcard.`);
  return rules;
}

export function xmlOfCors(rules: readonly CorsRule[]): Xml {
  return {
    CORSRule: rules.map(({ id, origins, methods: of, headers, exposed, maxAgeS }) => ({
      ID: id,
      AllowedHeader: headers,
      AllowedMethod: of,
      AllowedOrigin: origins,
      ExposeHeader: exposed,
      MaxAgeSeconds: maxAgeS,
    })),
  };
}

/** The headers of a reply to a page of that origin; undefined: no rule lets it in. @param asked names of headers in lower case */
export function corsHeaders(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  asked: readonly string[],
): Record<string, string> | undefined {
  const rule = rules.find(
    ({ origins, methods: of, headers }) =>
      of.includes(method) &&
      origins.some((each) => fits(each, origin)) &&
      asked.every((name) => headers.some((each) => fits(each.toLowerCase(), name))),
  );
  if (rule === undefined) return undefined;
  const isForAll = rule.origins.includes("*");
  return {
    "access-control-allow-origin": isForAll ? "*" : origin,
    "access-control-allow-methods": rule.methods.join(", "),
    ...(asked.length > 0 && { "access-control-allow-headers": asked.join(", ") }),
    ...(rule.exposed.length > 0 && { "access-control-expose-headers": rule.exposed.join(", ") }),
    ...(rule.maxAgeS !== undefined && { "access-control-max-age": String(rule.maxAgeS) }),
    ...(!isForAll && { "access-control-allow-credentials": "true" }),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
}

function fits(pattern: string, text: string): boolean {
  const [before, after] = pattern.split("*");
  if (after === undefined) return pattern === text;
  return text.length >= before!.length + after.length && text.startsWith(before!) && text.endsWith(after);
}
