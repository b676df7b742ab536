/**
 * Whether an event fits a pattern. Pure, and bounded: each rule is compared with each value of its field once, and all comparisons together take no more work than they may.
 *
 * 1. Every field of a pattern must fit, and of a field's rules one.
 * 2. A list in an event fits if one of its values does. Of a list of objects, one object must fit all of the pattern's fields below.
 * 3. A name with points is that of something deeper: `{ "a.b": 1 }` is the same as `{ "a": { "b": 1 } }`, in events and in patterns.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { Bound, Pattern, Rule, TextTest } from "./pattern.ts";
import { Work } from "./work.ts";

/** Throws TooMuchWork. @param work what it may take; that of several patterns, or events, together if it is the same */
export function matches({ fields, either }: Pattern, event: unknown, work: Work = new Work()): boolean {
  const object = objectOf(event) ?? {};
  const deeper = work.deeperIn(object);
  for (const [key, wanted] of fields) {
    work.take(1 + deeper.length);
    const values = Object.hasOwn(object, key) ? flat(object[key], work) : [];
    for (const name of deeper) if (name.startsWith(`${key}.`)) values.push({ [name.slice(key.length + 1)]: object[name] });
    const fits = Array.isArray(wanted) ? wanted.some((rule) => fitsRule(rule, values, work)) : fitsBelow(wanted, values, work);
    if (!fits) return false;
  }
  return either.every((patterns) => patterns.some((pattern) => matches(pattern, event, work)));
}

/** Where nothing is, only that something is absent can fit. */
function fitsBelow(pattern: Pattern, values: readonly unknown[], work: Work): boolean {
  const objects = values.filter((value) => objectOf(value) !== undefined);
  return objects.length === 0 ? matches(pattern, undefined, work) : objects.some((value) => matches(pattern, value, work));
}

function fitsRule(rule: Rule, values: readonly unknown[], work: Work): boolean {
  work.take(values.length);
  const leaves = values.filter((value) => objectOf(value) === undefined);
  if (rule.is === "exists") return rule.wanted ? leaves.length > 0 : values.length === 0;
  return leaves.some((value) => {
    work.take(costOf(rule, value));
    return fitsValue(rule, value);
  });
}

/** Of one comparison: about what a comparison of two numbers takes. */
function costOf(rule: Exclude<Rule, { is: "exists" }>, value: unknown): number {
  const lengths = typeof value === "string" ? 1 + Math.ceil(value.length / CHARACTERS) : 1;
  if (rule.is === "cidr") return ADDRESS;
  if (rule.is === "anything-but") return rule.values.length + (1 + rule.tests.length) * lengths;
  return rule.is === "text" ? 1 + rule.test.parts.length * lengths : lengths;
}

/** That are compared in the time of one number. */
const CHARACTERS = 16;
/** What reading an address takes. */
const ADDRESS = 500;

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

/** The values of a list, and of lists in it, however deep; a list of its own. */
function flat(value: unknown, work: Work): unknown[] {
  if (!Array.isArray(value)) return [value];
  const values: unknown[] = [];
  const open = [value.values()];
  for (let next = open.at(-1)!.next(); ; next = open.at(-1)!.next()) {
    if (next.done === true) {
      open.pop();
      if (open.length === 0) return values;
    } else {
      work.take(1);
      if (Array.isArray(next.value)) open.push(next.value.values());
      else values.push(next.value);
    }
  }
}
