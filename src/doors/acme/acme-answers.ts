/** Reads what a certificate authority answers. */
import type { AcmeAnswer } from "./acme-fetch.ts";

/** Why there is no certificate, as a clause without line breaks. */
export class AcmeFailure extends Error {
  /** The authority's name of the problem, such as rateLimited; empty if it gave none. */
  readonly type: string;
  readonly retryAfterMs: number | undefined;

  constructor(text: string, type = "", retryAfterMs?: number) {
    super(text);
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }
}

/** In characters: problems go to logs. */
const LONGEST = 300;

/** Throws an AcmeFailure if the answer is no object of JSON. */
export function jsonOf({ text }: Pick<AcmeAnswer, "text">): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new AcmeFailure("the authority's answer is no object of JSON");
}

export function textIn(found: Record<string, unknown>, name: string): string {
  const value = found[name];
  if (typeof value === "string") return value;
  throw new AcmeFailure(`the authority's answer lacks ${name}`);
}

export function listIn(found: Record<string, unknown>, name: string): string[] {
  const value = found[name];
  if (Array.isArray(value) && value.length <= 10 && value.every((each) => typeof each === "string")) return value;
  throw new AcmeFailure(`the authority's answer lacks ${name}`);
}

export function objectsIn(found: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const value: unknown = found[name];
  const all: unknown[] = Array.isArray(value) ? value.slice(0, 20) : [];
  return all.filter((each): each is Record<string, unknown> => typeof each === "object" && each !== null);
}

/** Of a problem document, of an order that has one, or of an authorization whose challenges have one. @param otherwise if nothing says why */
export function failureOf(found: Record<string, unknown>, otherwise: string, retryAfterMs?: number): AcmeFailure {
  const problems = [found, found["error"], ...objectsIn(found, "challenges").map(({ error }) => error)];
  const problem = problems.find((each): each is { detail: string; type?: unknown } => {
    return typeof each === "object" && each !== null && "detail" in each && typeof each.detail === "string";
  });
  const type = typeof problem?.type === "string" ? problem.type.replace(/^urn:ietf:params:acme:error:/, "") : "";
  return new AcmeFailure(oneLine(problem?.detail ?? otherwise), type, retryAfterMs);
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST);
}
