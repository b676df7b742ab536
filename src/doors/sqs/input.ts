/** The parameters of a request, in the form of the JSON protocol. Those of the query protocol are all texts, so that numbers may be texts. */
import { SqsError, missingParameter } from "./sqs-error.ts";

export class Input {
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(object: Readonly<Record<string, unknown>>) {
    this.#object = object;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value !== undefined && typeof value !== "string") throw wrongType(name, "a string");
    return value;
  }

  /** Throws MissingRequiredParameterException. */
  needed(name: string): string {
    const text = this.text(name);
    if (text === undefined || text === "") throw missingParameter(name);
    return text;
  }

  integer(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (!Number.isSafeInteger(number)) throw wrongType(name, "an integer");
    return number as number;
  }

  texts(name: string): string[] {
    const value = this.raw(name) ?? [];
    if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) throw wrongType(name, "a list of strings");
    return value;
  }

  /** A map of texts. */
  map(name: string): Map<string, string> {
    const value = this.raw(name) ?? {};
    if (!isObject(value) || !Object.values(value).every((each) => typeof each === "string")) throw wrongType(name, "a map of strings");
    return new Map(Object.entries(value as Record<string, string>));
  }

  objects(name: string): Input[] {
    const value = this.raw(name) ?? [];
    if (!Array.isArray(value) || !value.every(isObject)) throw wrongType(name, "a list of structures");
    return value.map((each) => new Input(each));
  }

  /** A map of structures. */
  structures(name: string): Map<string, Input> {
    const value = this.raw(name) ?? {};
    if (!isObject(value) || !Object.values(value).every(isObject)) throw wrongType(name, "a map of structures");
    return new Map(Object.entries(value as Record<string, Record<string, unknown>>).map(([key, each]) => [key, new Input(each)]));
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(name: string, what: string): SqsError {
  return new SqsError("SerializationException", `The member ${name} must be ${what}`);
}
