/** Reads bodies and queries, whose members may be of any type: a member of another type than it should be is refused in AWS's words. */
import { AwsError } from "../../control/lambda/aws-error.ts";
import type { LambdaCall } from "./call.ts";

/** The members of an object that a client sent. */
export class Members {
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(object: Readonly<Record<string, unknown>>) {
    this.#object = object;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** Undefined if it is missing or null. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    return this.#as(name, "string", (value): value is string => typeof value === "string");
  }

  number(name: string): number | undefined {
    return this.#as(name, "number", (value): value is number => Number.isFinite(value));
  }

  integer(name: string): number | undefined {
    return this.#as(name, "integer", (value): value is number => Number.isSafeInteger(value));
  }

  flag(name: string): boolean | undefined {
    return this.#as(name, "boolean", (value): value is boolean => typeof value === "boolean");
  }

  texts(name: string): string[] | undefined {
    return this.#as(
      name,
      "list of strings",
      (value): value is string[] => Array.isArray(value) && value.every((each) => typeof each === "string"),
    );
  }

  object(name: string): Members | undefined {
    const found = this.#as(name, "structure", isObject);
    return found && new Members(found);
  }

  /** A map whose values are texts. It has no prototype's keys. */
  map(name: string): Record<string, string> | undefined {
    return this.#as(
      name,
      "map of strings",
      (value): value is Record<string, string> => isObject(value) && Object.values(value).every((each) => typeof each === "string"),
    );
  }

  numbers(name: string): Record<string, number> | undefined {
    return this.#as(
      name,
      "map of numbers",
      (value): value is Record<string, number> => isObject(value) && Object.values(value).every((each) => typeof each === "number"),
    );
  }

  objects(name: string): Members[] | undefined {
    const found = this.#as(
      name,
      "list of structures",
      (value): value is Record<string, unknown>[] => Array.isArray(value) && value.every(isObject),
    );
    return found?.map((each) => new Members(each));
  }

  #as<T>(name: string, what: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!is(value)) throw new AwsError("SerializationException", `The member ${name} must be a ${what}`);
    return value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of a JSON body; none if the body is empty. */
export function bodyOf({ body }: Pick<LambdaCall, "body">): Members {
  if (body.length === 0) return new Members({});
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch (error) {
    throw new AwsError("SerializationException", `Could not parse request body into json: ${(error as Error).message}`);
  }
  if (!isObject(parsed)) throw new AwsError("SerializationException", "The request body must be an object");
  return new Members(parsed);
}

export function queryNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new AwsError("SerializationException", `STRING_VALUE can not be converted to an Integer: ${name}`);
  return Number(text);
}

export function pathNumber({ params }: Pick<LambdaCall, "params">, name: string): number {
  const text = params[name] ?? "";
  if (!/^-?\d{1,15}$/.test(text)) throw new AwsError("SerializationException", `STRING_VALUE can not be converted to a Long: ${name}`);
  return Number(text);
}

/** Of base64 text, as ZipFile is sent. */
export function blob(members: Members, name: string): Buffer | undefined {
  const text = members.text(name);
  if (text === undefined) return undefined;
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(text))
    throw new AwsError("SerializationException", `The member ${name} must be base64`);
  return Buffer.from(text, "base64");
}
