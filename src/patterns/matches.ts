/**
 * Whether an event fits a pattern. Pure, and bounded: each rule is compared with each value of its field once.
 *
 * 1. Every field of a pattern must fit, and of a field's rules one.
 * 2. A list in an event fits if one of its values does. Of a list of objects, one object must fit all of the pattern's fields below.
 * 3. A name with points is that of something deeper: `{ "a.b": 1 }` is the same as `{ "a": { "b": 1 } }`, in events and in patterns.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { Bound, Pattern, Rule, TextTest } from "./pattern.ts";

export function matches({ fields, either }: Pattern, event: unknown): boolean {
  const object = objectOf(event) ?? {};
  const deeper = Object.keys(object).filter((name) => name.includes("."));
  for (const [key, wanted] of fields) {
    const values = Object.hasOwn(object, key) ? flat(object[key]) : [];
    for (const name of deeper) if (name.startsWith(`${key}.`)) values.push({ [name.slice(key.length + 1)]: object[name] });
    const fits = Array.isArray(wanted) ? wanted.some((rule) => fitsRule(rule, values)) : fitsBelow(wanted, values);
    if (!fits) return false;
  }
  return either.every((patterns) => patterns.some((pattern) => matches(pattern, event)));
}

/** Where nothing is, only that something is absent can fit. */
function fitsBelow(pattern: Pattern, values: readonly unknown[]): boolean {
  const objects = values.filter((value) => objectOf(value) !== undefined);
  return objects.length === 0 ? matches(pattern, undefined) : objects.some((value) => matches(pattern, value));
}

function fitsRule(rule: Rule, values: readonly unknown[]): boolean {
  const leaves = values.filter((value) => objectOf(value) === undefined);
  if (rule.is === "exists") return rule.wanted ? leaves.length > 0 : values.length === 0;
  return leaves.some((value) => fitsValue(rule, value));
}

function fitsValue(rule: Exclude<Rule, { is: "exists" }>, value: unknown): boolean {
  switch (rule.is) {
    case "equal":
      return value === rule.value;
    case "text":
      return typeof value === "string" && fitsText(rule.test, value);
    case "numeric":
      return typeof value === "number" && rule.bounds.every((bound) => fitsBound(bound, value));
    case "cidr":
      return typeof value === "string" && isWithin(rule.cidr, value);
    default:
      return (
        !rule.values.some((each) => each === value) && !(typeof value === "string" && rule.tests.some((test) => fitsText(test, value)))
      );
  }
}

function fitsText({ how, parts, ignoresCase }: TextTest, text: string): boolean {
  const value = ignoresCase ? text.toLowerCase() : text;
  const [first = ""] = ignoresCase ? parts.map((part) => part.toLowerCase()) : parts;
  if (how === "prefix") return value.startsWith(first);
  if (how === "suffix") return value.endsWith(first);
  return how === "equals" ? value === first : fitsWildcard(parts, value);
}

/** The parts stand in their order, the first at the beginning and the last at the end. */
function fitsWildcard(parts: readonly string[], value: string): boolean {
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (parts.length === 1) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}

function fitsBound({ operator, value }: Bound, given: number): boolean {
  switch (operator) {
    case "=":
      return given === value;
    case "<":
      return given < value;
    case "<=":
      return given <= value;
    case ">":
      return given > value;
    default:
      return given >= value;
  }
}

function isWithin(cidr: string, address: string): boolean {
  const [net, bits] = cidr.split("/") as [string, string];
  const family = isIPv4(net) ? "ipv4" : "ipv6";
  if (family === "ipv4" ? !isIPv4(address) : !isIPv6(address)) return false;
  const list = new BlockList();
  list.addSubnet(net, Number(bits), family);
  return list.check(address, family);
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

/** The values of a list, and of lists in it; a list of its own. */
function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? (value.flat(Infinity) as unknown[]) : [value];
}
