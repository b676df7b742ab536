/**
 * Describes what a schema refused: the key, the value and what is allowed. Values of variables, secrets and tokens are never quoted, nor is
 * any value that may contain some, because errors end up in terminals, logs and replies to other people.
 */
import { z } from "zod";
import { likeliest } from "../words/likeliest.ts";

type Issue = z.core.$ZodIssue;

/**
 * Describes the first issue. Given the schema, an unknown key is reported together with the known ones. `key` is the path joined by dots,
 * empty for the whole value; `what` is a clause such as `is 64, but must be at least 128`.
 */
export function firstIssue(error: z.ZodError, given: unknown, schema?: z.ZodType): { key: string; what: string } {
  const issue = closest(misspelt(error.issues, given) ?? error.issues[0]!, given);
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys[0]!;
    const name = plainName.test(unknown) ? unknown : "(a name)";
    return { key: keyInWords([...issue.path, name]), what: `is not a known key${keysInWords(schemaAt(schema, issue.path), name)}` };
  }
  if (issue.code === "invalid_key") return badKey(issue);
  const value = issue.path.reduce<unknown>(step, given);
  const key = keyInWords(issue.path);
  if (value === undefined) return { key, what: wrongTypes.has(issue.code) ? "is missing" : allowed(issue) };
  if (isOfWhole(issue, value)) return { key, what: allowed(issue) };
  return { key, what: `is ${isSensitive(issue.path) ? kindOf(value) : shortened(value)}, but ${allowed(issue)}` };
}

/** Where a key is missing and another one beside it is not known, the latter is probably that key, misspelt, and explains more. */
function misspelt(issues: Issue[], given: unknown): Issue | undefined {
  const { path } = issues[0]!;
  if (path.length === 0 || path.reduce<unknown>(step, given) !== undefined) return undefined;
  const around = JSON.stringify(path.slice(0, -1));
  return issues.find((issue) => issue.code === "unrecognized_keys" && JSON.stringify(issue.path) === around);
}

/** The codes of issues that a value which is absent has, too. */
const wrongTypes = new Set<string>(["invalid_type", "invalid_value", "invalid_union"]);

/** Whether an object or a list breaks a rule about its entries. That it is an object or a list is right then, and is not told. */
function isOfWhole({ code }: Issue, value: unknown): boolean {
  return typeof value === "object" && value !== null && (code === "too_small" || code === "too_big" || code === "custom");
}

/** The offending key was chosen by a user and is not one of ours, so the error names the object that contains it as well. */
function badKey({ path, issues }: Issue & { code: "invalid_key" }): { key: string; what: string } {
  const given = path.at(-1);
  const name = isSensitive(path) && !plainName.test(String(given)) ? "(a name)" : shortened(given);
  const rule = issues[0] === undefined ? "must be others" : allowed(issues[0]);
  return { key: keyInWords(path.slice(0, -1)), what: `has the key ${name}, but a key ${rule}` };
}

/** Matches texts that look like a name rather than like a value. */
const plainName = /^[\w.$-]{1,64}$/;

/** Keys whose values are never shown, wherever they occur. */
const sensitive = new Set(["env", "secret", "secrets", "value", "token", "password"]);

function isSensitive(path: PropertyKey[]): boolean {
  return path.length === 0 || path.some((key) => sensitive.has(String(key)));
}

/** If the user wrote the value into the name ("KEY=value"), the value is not shown either. */
function keyInWords(path: PropertyKey[]): string {
  const hidden = path.findIndex((key) => sensitive.has(String(key)));
  const names = path.map((key, at) => (hidden === -1 || at <= hidden || plainName.test(String(key)) ? String(key) : "(a name)"));
  return names.join(".");
}

/** A path joined by dots for errors, with nothing of it shown that does not look like a name: it may be a value. */
export function pathInWords(path: string[]): string {
  return path.map((key) => (plainName.test(key) ? key : "(a name)")).join(".");
}

/** If several shapes are allowed, the shape that matched furthest explains more than "invalid input". */
function closest(issue: Issue, given: unknown): Issue {
  if (issue.code !== "invalid_union") return issue;
  const value = issue.path.reduce<unknown>(step, given);
  const nested = unionIssue(issue.errors, value) ?? issue.errors.flat().toSorted(deeper)[0];
  if (!nested || (nested.path.length === 0 && nested.code !== "unrecognized_keys")) return { ...issue, message: unionInWords(issue) };
  return closest({ ...nested, path: [...issue.path, ...nested.path] }, given);
}

/** Of an object, the issue of the shape that its keys fit best. If they fit several equally badly, a key that is none of theirs is what is wrong. Undefined if the value is no object. */
function unionIssue(shapes: readonly Issue[][], value: unknown): Issue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const misfits = shapes.map((issues) => misfitsIn(issues, value));
  const likely = shapes.filter((_, at) => misfits[at] === Math.min(...misfits));
  const unknown = likely.flat().find(({ code, path }) => code === "unrecognized_keys" && path.length === 0);
  return (likely.length > 1 ? unknown : undefined) ?? likely.flat().toSorted(deeper)[0];
}

/** How many keys are missing or are none of the shape's. */
function misfitsIn(issues: readonly Issue[], value: object): number {
  const counts = issues.map((issue) => {
    if (issue.code === "unrecognized_keys") return issue.path.length === 0 ? issue.keys.length : 0;
    return issue.path.length === 1 && step(value, issue.path[0]!) === undefined ? 1 : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function deeper(one: Issue, other: Issue): number {
  return other.path.length - one.path.length;
}

function unionInWords(issue: Issue & { code: "invalid_union" }): string {
  return `must be one of: ${issue.errors.map((issues) => (issues[0] ? allowed(issues[0]).replace(/^must be /, "") : "")).join("; ")}`;
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`;
    case "too_big":
      return issue.origin === "number" || issue.origin === "int"
        ? `must be ${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}`
        : `must have at most ${issue.maximum} ${issue.origin === "string" ? "characters" : "entries"}`;
    case "invalid_type":
      return `must be ${typeInWords(issue.expected)}`;
    default:
      return issue.message;
  }
}

function typeInWords(type: string): string {
  if (type === "int") return "a whole number";
  if (type === "boolean") return "true or false";
  if (type === "array") return "a list";
  return type === "object" || type === "record" ? "an object" : `a ${type}`;
}

function step(at: unknown, key: PropertyKey): unknown {
  return typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined;
}

/** Objects and lists are not shown, because they may contain secrets. */
function shortened(value: unknown): string {
  if (typeof value === "object" && value !== null) return kindOf(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** @param unknown a key that is none of the schema's */
function keysInWords(schema: z.ZodType | undefined, unknown: string): string {
  const keys = [...new Set(objectsOf(schema).flatMap((each) => Object.keys(each.shape)))];
  if (keys.length === 0) return "";
  const meant = likeliest(unknown, keys);
  return `${meant === undefined ? "" : ` (did you mean ${meant}?)`}; there are ${keys.join(", ")}`;
}

/** The schema of the value at `path`, found by descending through objects, records, lists and what may be one of several. */
function schemaAt(schema: z.ZodType | undefined, path: PropertyKey[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => {
    const inner = unwrapped(at);
    if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
    if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
    return objectsOf(inner)
      .map((each) => each.shape[String(key)] as z.ZodType | undefined)
      .find((each) => each !== undefined);
  }, schema);
}

/** The object that a value may be, or all of them. */
function objectsOf(schema: z.ZodType | undefined): z.ZodObject[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) return [inner];
  return inner instanceof z.ZodUnion ? inner.options.flatMap((each) => objectsOf(each as z.ZodType)) : [];
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}
