/**
 * The query protocol, which older clients speak: a form whose names are paths, such as Attribute.1.Name. It is read into the form of the JSON protocol, so that nothing
 * behind it knows of it.
 */
import { SqsError } from "../sqs-error.ts";

export interface ReadQuery {
  operation: string;
  members: Record<string, unknown>;
}

type Tree = Map<string, Tree | string>;

const MOST_NAMES = 2_000;
const MOST_PARTS = 8;

export function readQuery(form: string): ReadQuery {
  const all = new URLSearchParams(form);
  if (all.size > MOST_NAMES) throw new SqsError("SerializationException", `There are more than ${MOST_NAMES} parameters`);
  const tree: Tree = new Map();
  for (const [name, value] of all) put(tree, name, value);
  const operation = tree.get("Action");
  if (typeof operation !== "string") throw new SqsError("UnknownOperationException", "The request names no Action");
  return { operation, members: membersOf(tree) };
}

function put(tree: Tree, name: string, value: string): void {
  const parts = name.split(".");
  if (parts.length > MOST_PARTS) throw new SqsError("SerializationException", `The parameter ${name.slice(0, 100)} has too many parts`);
  let at = tree;
  for (const part of parts.slice(0, -1)) {
    const known = at.get(part);
    const next: Tree = known instanceof Map ? known : new Map();
    at.set(part, next);
    at = next;
  }
  at.set(parts.at(-1)!, value);
}

const lists: Readonly<Record<string, string>> = {
  AttributeName: "AttributeNames",
  MessageAttributeName: "MessageAttributeNames",
  MessageSystemAttributeName: "MessageSystemAttributeNames",
  TagKey: "TagKeys",
  AWSAccountId: "AWSAccountIds",
  ActionName: "Actions",
};
const maps: Readonly<Record<string, string>> = { Attribute: "Attributes", Tag: "Tags" };
const structures: Readonly<Record<string, string>> = {
  MessageAttribute: "MessageAttributes",
  MessageSystemAttribute: "MessageSystemAttributes",
};

function membersOf(tree: Tree): Record<string, unknown> {
  const members: [string, unknown][] = [];
  for (const [name, value] of tree) {
    if (typeof value === "string") members.push([name, value]);
    else if (Object.hasOwn(lists, name)) members.push([lists[name]!, numbered(value).filter((each) => typeof each === "string")]);
    else if (Object.hasOwn(maps, name)) members.push([maps[name]!, mapOf(value, (each) => (typeof each === "string" ? each : ""))]);
    else if (Object.hasOwn(structures, name))
      members.push([structures[name]!, mapOf(value, (each) => (each instanceof Map ? membersOf(each) : {}))]);
    else if (name.endsWith("BatchRequestEntry"))
      members.push(["Entries", numbered(value).map((each) => (typeof each === "string" ? {} : membersOf(each)))]);
  }
  return Object.fromEntries(members);
}

/** The values of a list, whose names are numbers. */
function numbered(tree: Tree): (Tree | string)[] {
  return [...tree]
    .filter(([name]) => /^\d{1,6}$/.test(name))
    .toSorted(([one], [other]) => Number(one) - Number(other))
    .map(([, value]) => value);
}

/** A map is a list of names and values. */
function mapOf<T>(tree: Tree, read: (value: Tree | string | undefined) => T): Record<string, T> {
  const entries = numbered(tree).flatMap((each): [string, T][] => {
    if (typeof each === "string") return [];
    const name = each.get("Name") ?? each.get("Key");
    return typeof name === "string" ? [[name, read(each.get("Value"))]] : [];
  });
  return Object.fromEntries(entries);
}
