/** The members of a request's JSON, each read as what it must be. What is of another type is refused as AWS's services do. */
import { invalid, ServiceError } from "./service-error.ts";

const MOST_TAGS = 200;
const MOST_OF_KEY = 128;
const MOST_OF_VALUE = 256;

export class Input {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members;
  }

  /** Throws a SerializationException. An empty body has no members. */
  static of(body: Buffer): Input {
    let parsed: unknown;
    try {
      parsed = body.length === 0 ? {} : JSON.parse(body.toString());
    } catch {
      throw new ServiceError("SerializationException", "The request body is no JSON");
    }
    if (!isObject(parsed)) throw new ServiceError("SerializationException", "The request body must be an object");
    return new Input(parsed);
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value !== undefined && typeof value !== "string") throw wrongType(name, "a string");
    return value;
  }

  number(name: string): number | undefined {
    const value = this.raw(name);
    if (value !== undefined && (typeof value !== "number" || !Number.isFinite(value))) throw wrongType(name, "a number");
    return value;
  }

  texts(name: string): string[] | undefined {
    const value = this.raw(name);
    if (value !== undefined && !(Array.isArray(value) && value.every((each) => typeof each === "string")))
      throw wrongType(name, "a list of strings");
    return value;
  }

  object(name: string): Input | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw wrongType(name, "a structure");
    return new Input(value);
  }

  objects(name: string): Input[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isObject)) throw wrongType(name, "a list of structures");
    return value.map((each) => new Input(each));
  }

  /** A map of texts. */
  map(name: string): Map<string, string> {
    const value = this.raw(name) ?? {};
    if (!isObject(value) || !Object.values(value).every((each) => typeof each === "string")) throw wrongType(name, "a map of strings");
    return new Map(Object.entries(value as Record<string, string>));
  }

  /** A list of tags, by their keys. Throws a ValidationException for more, or longer ones, than AWS's services take. */
  tags(name = "Tags"): Record<string, string> {
    const tags = (this.objects(name) ?? []).map((tag) => [tag.text("Key") ?? "", tag.text("Value") ?? ""] as const);
    if (tags.length > MOST_TAGS) throw invalid(`A resource may have ${MOST_TAGS} tags.`);
    const long = tags.find(([key, value]) => key === "" || key.length > MOST_OF_KEY || value.length > MOST_OF_VALUE);
    if (long !== undefined)
      throw invalid(
        `The tag ${long[0].slice(0, MOST_OF_KEY)} is not valid: keys have 1 to ${MOST_OF_KEY} characters, and values at most ${MOST_OF_VALUE}.`,
      );
    return Object.fromEntries(tags);
  }

  get members(): Readonly<Record<string, unknown>> {
    return this.#members;
  }

  /** Of these members, those that the request has; each is what its reader returns. What else a request may have, in whatever depth, is not kept. */
  only(readers: Readonly<Record<string, (name: string) => unknown>>): Record<string, unknown> {
    const read = Object.entries(readers).map(([name, reader]) => [name, reader(name)] as const);
    return Object.fromEntries(read.filter(([, value]) => value !== undefined));
  }
}

/** Tags as services show them. */
export function shownTags(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(name: string, what: string): ServiceError {
  return new ServiceError("SerializationException", `The member ${name} must be ${what}`);
}
