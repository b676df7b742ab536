/** What a file of another tool says, once it is parsed: a tree without tags, anchors or classes. Maps, so that a key such as `constructor` is like any other. */
export type Value = string | number | boolean | null | Unknown | Value[] | ValueMap;
export type ValueMap = Map<string, Value>;

/** Stands for a value that nobody here can know, such as the address of a database that only the other tool's cloud has. */
export class Unknown {
  /** As the file has it: `${ssm:/shop/key}`. */
  readonly source: string;
  /** A clause, such as "it is read from a parameter store". */
  readonly why: string;
  /** What to do about it, as a clause that begins with a verb. */
  readonly cure: string;
  /** Whether the value comes from a store of secrets. */
  readonly isSecret: boolean;

  constructor(source: string, why: string, cure: string, isSecret = false) {
    this.source = source;
    this.why = why;
    this.cure = cure;
    this.isSecret = isSecret;
  }
}

export function isMap(value: Value | undefined): value is ValueMap {
  return value instanceof Map;
}

export function isScalar(value: Value | undefined): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** A scalar's text; empty for anything else. */
export function textOf(value: Value | undefined): string {
  return isScalar(value) ? String(value) : "";
}

/** In error messages and lists. */
export function shown(value: Value | undefined): string {
  if (value instanceof Unknown) return value.source;
  if (isMap(value)) return value.size === 0 ? "{}" : `{ ${[...value.keys()].slice(0, 3).join(", ")}${value.size > 3 ? ", …" : ""} }`;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `a list of ${value.length}`;
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
