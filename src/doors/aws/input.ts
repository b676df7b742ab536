/** The members of a request's JSON, each read as what it must be. What is of another type is refused as AWS's services do. */
import { ServiceError } from "./service-error.ts";

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

  /** A list of tags, by their keys. */
  tags(name = "Tags"): Record<string, string> {
    const tags = this.objects(name) ?? [];
    return Object.fromEntries(tags.map((tag) => [tag.text("Key") ?? "", tag.text("Value") ?? ""]));
  }

  get members(): Readonly<Record<string, unknown>> {
    return this.#members;
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
