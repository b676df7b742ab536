/**
 * What a target gets of an event: all of it, a part, a constant, or a text with parts of the event in it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import { jsonBytes } from "../../base/remember/json-bytes.ts";
import type { Account } from "../../control/lambda/names.ts";
import type { BusEvent } from "../../events/bus/bus.ts";
import { isObject } from "../aws/input.ts";
import { invalid } from "../aws/service-error.ts";

/** A target as it is stored. */
export interface TargetDefinition {
  /** That has made it: its region is that of what the target gets. */
  account: Account;
  /** Its members as they were given. */
  given: Readonly<Record<string, unknown>>;
}

interface Transformer {
  InputPathsMap?: Record<string, string>;
  InputTemplate: string;
}

export interface RuleFacts {
  name: string;
  arn: string;
  /** Wall clock, ms. */
  now: number;
}

export function payloadOf({ given }: TargetDefinition, event: BusEvent, rule: RuleFacts): Buffer {
  const { Input, InputPath, InputTransformer } = given;
  if (typeof Input === "string") return Buffer.from(Input);
  if (typeof InputPath === "string") return Buffer.from(JSON.stringify(at(event, InputPath) ?? null));
  if (isObject(InputTransformer)) return Buffer.from(transformed(InputTransformer as unknown as Transformer, event, rule));
  return jsonBytes(event);
}

/** The value at a path such as `$.detail.items[0]`; undefined if there is none. */
function at(event: unknown, path: string): unknown {
  const steps = path.replace(/^\$\.?/, "").match(/\[(?:\d+|'[^']*'|"[^"]*")\]|[^.[\]]+/g) ?? [];
  let value: unknown = event;
  for (const step of steps) {
    const key = step.startsWith("[") ? step.slice(1, -1).replace(/^(['"])(.*)\1$/, "$2") : step;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A text that is no JSON becomes a JSON text, as functions get JSON. */
function transformed({ InputPathsMap = {}, InputTemplate }: Transformer, event: BusEvent, rule: RuleFacts): string {
  const values = new Map<string, unknown>(Object.entries(InputPathsMap).map(([name, path]) => [name, at(event, path)]));
  values.set("aws.events.rule-name", rule.name);
  values.set("aws.events.rule-arn", rule.arn);
  values.set("aws.events.event.ingestion-time", new Date(rule.now).toISOString());
  values.set("aws.events.event", event);
  values.set("aws.events.event.json", event);
  const filled = filledIn(InputTemplate, values);
  try {
    JSON.parse(filled);
    return filled;
  } catch {
    return JSON.stringify(filled);
  }
}

/** What is made of a template has at most so many characters: it may name the whole event again and again. */
const MOST_CHARACTERS = 1_048_576;

/** Within quotation marks a value is put in as a text, elsewhere as JSON. What is not there is an empty text, or null. Throws a ServiceError if it gets too long. */
function filledIn(template: string, values: ReadonlyMap<string, unknown>): string {
  let isQuoted = false;
  let length = template.length;
  return template.replaceAll(/\\.|"|<([\w.-]+)>/gs, (found, name: string | undefined) => {
    if (found === '"') isQuoted = !isQuoted;
    if (name === undefined || !values.has(name)) return found;
    const text = isQuoted ? quoted(values.get(name) ?? null) : JSON.stringify(values.get(name) ?? null);
    length += text.length;
    if (length > MOST_CHARACTERS) throw invalid(`What the template makes of the event is longer than ${MOST_CHARACTERS} characters.`);
    return text;
  });
}

function quoted(value: unknown): string {
  if (value === null) return "";
  return JSON.stringify(typeof value === "string" ? value : JSON.stringify(value)).slice(1, -1);
}
