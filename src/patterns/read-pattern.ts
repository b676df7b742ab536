/**
 * Reads an event pattern. What is wrong with one is told in the words of EventBridge, with the place, as tools and tests look for them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Bound, Pattern, Rule, TextTest } from "./pattern.ts";
import { NoJson, type Placed, readPlaced } from "./placed-json.ts";

/** Why a text is no pattern. The message is a reason in EventBridge's words, with the place if that is known. */
export class NoPattern extends Error {}

/** Stars of one wildcard, and those of them that the same character follows: more make a rule that EventBridge calls too complex. */
const MOST_STARS = 10;
const MOST_ALIKE = 4;
const NUMERIC: ReadonlySet<string> = new Set(["=", "<", "<=", ">", ">="]);

/** Throws NoPattern. */
export function readPattern(text: string): Pattern {
  try {
    const root = readPlaced(text);
    if (root.kind !== "object") throw new Wrong("Filter is not an object", root.column);
    return readFields(root);
  } catch (error) {
    if (error instanceof Wrong) {
      const place = error.column === null ? "" : `\n at [Source: (String)"${text}"; line: 1, column: ${error.column}]`;
      throw new NoPattern(`${error.message}${place}${error.isTwice ? place : ""}`);
    }
    if (error instanceof NoJson) throw new NoPattern(`${error.message}\n at [Source: (String)"${text}"; line: 1, column: ${error.column}]`);
    throw error;
  }
}

class Wrong extends Error {
  readonly column: number | null;
  /** EventBridge tells the place twice of what is in a list of anything-but. */
  readonly isTwice: boolean;

  constructor(message: string, column: number | null, isTwice = false) {
    super(message);
    this.column = column;
    this.isTwice = isTwice;
  }
}

function readFields(object: Extract<Placed, { kind: "object" }>): Pattern {
  if (object.entries.length === 0) throw new Wrong("Empty objects are not allowed", object.column);
  const fields = new Map<string, Rule[] | Pattern>();
  const either: Pattern[][] = [];
  for (const [key, value] of object.entries) {
    if (key === "$or" && value.kind === "list" && isListOfPatterns(value.items)) either.push(value.items.map((item) => readFields(item)));
    else if (value.kind !== "object" && value.kind !== "list") throw new Wrong(`"${key}" must be an object or an array`, value.column);
    else {
      const wanted = value.kind === "object" ? readFields(value) : readRules(value);
      const [first, ...deeper] = key.split(".").toReversed();
      if (deeper.length === 0) fields.set(key, wanted);
      else either.push([deeper.reduce<Pattern>(within, within(wanted, first!))]);
    }
  }
  return { fields, either };
}

function within(wanted: Rule[] | Pattern, name: string): Pattern {
  return { fields: new Map([[name, wanted]]), either: [] };
}

/** A list of fewer is a field of that name. */
function isListOfPatterns(items: Placed[]): items is Extract<Placed, { kind: "object" }>[] {
  return items.length >= 2 && items.every((item) => item.kind === "object");
}

function readRules({ items, column }: Extract<Placed, { kind: "list" }>): Rule[] {
  if (items.length === 0) throw new Wrong("Empty arrays are not allowed", column);
  return items.map((item) => {
    if (item.kind === "list") throw new Wrong("Match value must be String, number, true, false, or null", item.column);
    return item.kind === "object" ? readOperator(item) : { is: "equal", value: item.value };
  });
}

function readOperator({ entries, column }: Extract<Placed, { kind: "object" }>): Rule {
  const [entry, ...more] = entries;
  if (entry === undefined) throw new Wrong("Empty match expression", column);
  if (more.length > 0) throw new Wrong("Only one key allowed in match expression", more[0]![1].column);
  const [name, value] = entry;
  switch (name) {
    case "prefix":
    case "suffix":
      return { is: "text", test: readAffix(name, value) };
    case "equals-ignore-case":
      return { is: "text", test: { how: "equals", parts: [textOf(value, name)], ignoresCase: true } };
    case "wildcard":
      return { is: "text", test: readWildcard(textOf(value, name), columnOf(value)) };
    case "numeric":
      return { is: "numeric", bounds: readBounds(value) };
    case "cidr":
      return { is: "cidr", cidr: readCidr(textOf(value, "prefix")) };
    case "exists":
      if (value.kind !== "literal" || value.value === null)
        throw new Wrong("exists match pattern must be either true or false.", value.column);
      return { is: "exists", wanted: value.value };
    case "anything-but":
      return readAnythingBut(value);
    default:
      throw new Wrong(`Unrecognized match type ${name}`, columnOf(value));
  }
}

function columnOf(value: Placed): number {
  return value.kind === "text" ? value.end : value.column;
}

function textOf(value: Placed, name: string): string {
  if (value.kind !== "text") throw new Wrong(`${name} match pattern must be a string`, value.column);
  return value.value;
}

function readAffix(how: "prefix" | "suffix", value: Placed): TextTest {
  if (value.kind !== "object") return { how, parts: [textOf(value, how)], ignoresCase: false };
  const [entry, ...more] = value.entries;
  if (entry?.[0] !== "equals-ignore-case" || more.length > 0)
    throw new Wrong(`Unsupported anything-but pattern: ${entry?.[0] ?? ""}`, value.column);
  return { how, parts: [textOf(entry[1], "equals-ignore-case")], ignoresCase: true };
}

/** `\*` is a star, and `\\` a backslash. @param column for errors */
function readWildcard(text: string, column: number): TextTest {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "*") {
      if (text[at - 1] === "*" && parts.at(-1) === "" && parts.length > 1)
        throw new Wrong(`Consecutive wildcard characters at pos ${at - 1}`, column);
      parts.push("");
    } else if (character === "\\") {
      const escaped = text[++at];
      if (escaped !== "*" && escaped !== "\\") throw new Wrong(`Invalid escape character at pos ${at - 1}`, column);
      parts[parts.length - 1] += escaped;
    } else parts[parts.length - 1] += character;
  }
  const alike = Map.groupBy(parts.slice(1), ([first = ""]) => first);
  alike.delete("");
  if (parts.length > MOST_STARS + 1 || [...alike.values()].some(({ length }) => length > MOST_ALIKE))
    throw new Wrong(
      "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character",
      null,
    );
  return { how: "wildcard", parts, ignoresCase: false };
}

function readBounds(value: Placed): Bound[] {
  if (value.kind !== "list") throw new Wrong("Value of numeric must be an array.", columnOf(value));
  const bounds: Bound[] = [];
  for (let at = 0; at < value.items.length; at += 2) {
    const [operator, number] = [value.items[at]!, value.items[at + 1]];
    if (operator.kind !== "text" || !NUMERIC.has(operator.value)) throw new Wrong("Bad numeric range operator", columnOf(operator));
    const before = bounds.at(-1);
    const isSecond = before !== undefined;
    const fits = !isSecond || (bounds.length === 1 && before.operator.startsWith(">") && operator.value.startsWith("<"));
    if (!fits) throw new Wrong(`Bad numeric range operator: ${operator.value}`, columnOf(operator));
    // Behind the last item stands the list's end, of which the reader has come to the first character.
    if (number?.kind !== "number")
      throw new Wrong(`Value of ${operator.value} must be numeric`, number === undefined ? operator.end + 1 : columnOf(number));
    bounds.push({ operator: operator.value as Bound["operator"], value: number.value });
  }
  if (bounds.length === 0) throw new Wrong("Empty numeric match expression", value.column);
  return bounds;
}

function readCidr(cidr: string): string {
  const parts = cidr.split("/");
  if (parts.length !== 2) throw new Wrong("Malformed CIDR, one '/' required", null);
  const [address, mask] = parts as [string, string];
  if (!isIPv4(address) && !isIPv6(address)) throw new Wrong(`Nonstandard IP address: ${address}`, null);
  if (!/^\d{1,3}$/.test(mask) || Number(mask) > (isIPv4(address) ? 32 : 128))
    throw new Wrong(`Malformed CIDR, mask bits must be an integer`, null);
  return cidr;
}

const NESTED = ["prefix", "suffix", "equals-ignore-case", "wildcard"] as const;

function readAnythingBut(value: Placed): Rule {
  if (value.kind === "object") {
    const [entry, ...more] = value.entries;
    const how = NESTED.find((name) => name === entry?.[0]);
    if (entry === undefined || how === undefined || more.length > 0)
      throw new Wrong(`Unsupported anything-but pattern: ${entry?.[0] ?? ""}`, value.column);
    return { is: "anything-but", values: [], tests: readNested(how, entry[1]) };
  }
  if (value.kind === "text" || value.kind === "number") return { is: "anything-but", values: [value.value], tests: [] };
  if (value.kind !== "list") throw new Wrong("Value of anything-but must be an array or single string/number value.", value.column);
  const values = value.items.map((item) => {
    if (item.kind === "text" || item.kind === "number") return item.value;
    throw new Wrong("Inside anything but list, start|null|boolean is not supported.", item.column, true);
  });
  return { is: "anything-but", values, tests: [] };
}

function readNested(how: (typeof NESTED)[number], value: Placed): TextTest[] {
  const items = value.kind === "list" ? value.items : [value];
  return items.map((item) => {
    if (item.kind === "object") throw new Wrong("Value of anything-but must be an array or single string/number value.", item.column);
    if (item.kind !== "text") throw wrongNested(how, item.column, value.kind === "list");
    if (how === "wildcard") return readWildcard(item.value, item.end);
    if (how === "equals-ignore-case") return { how: "equals", parts: [item.value], ignoresCase: true };
    if (item.value === "") throw new Wrong("Null prefix/suffix not allowed", item.end);
    return { how, parts: [item.value], ignoresCase: false };
  });
}

function wrongNested(how: (typeof NESTED)[number], column: number, isTwice: boolean): Wrong {
  if (how === "equals-ignore-case")
    return new Wrong("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.", column, isTwice);
  return new Wrong(
    how === "wildcard" ? "wildcard match pattern must be a string" : "prefix/suffix match pattern must be a string",
    column,
    isTwice,
  );
}
