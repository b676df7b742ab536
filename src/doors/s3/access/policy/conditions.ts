/** The conditions of a bucket policy's statements, by AWS's operators. */
import { BlockList, isIP } from "node:net";
import { fits } from "./wildcard.ts";

/** By operator, then by key: the values of which one must be right. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What is known of a request, by the names of keys in lower case. */
export type Facts = ReadonlyMap<string, string>;

type Test = (wanted: string, found: string) => boolean;

const number = (compare: (found: number, wanted: number) => boolean): Test => {
  return (wanted, found) => compare(Number(found), Number(wanted));
};
const date = (compare: (found: number, wanted: number) => boolean): Test => {
  return (wanted, found) => compare(timeOf(found), timeOf(wanted));
};
const isSame = (wanted: string, found: string) => wanted === found;
const isSameWord: Test = (wanted, found) => wanted.toLowerCase() === found.toLowerCase();

/** Those whose names say "not" are true if none of the values is right, and if the key is not known. */
const operators: Readonly<Record<string, Test>> = {
  StringEquals: isSame,
  StringEqualsIgnoreCase: isSameWord,
  StringLike: fits,
  NumericEquals: number((found, wanted) => found === wanted),
  NumericLessThan: number((found, wanted) => found < wanted),
  NumericLessThanEquals: number((found, wanted) => found <= wanted),
  NumericGreaterThan: number((found, wanted) => found > wanted),
  NumericGreaterThanEquals: number((found, wanted) => found >= wanted),
  DateEquals: date((found, wanted) => found === wanted),
  DateLessThan: date((found, wanted) => found < wanted),
  DateLessThanEquals: date((found, wanted) => found <= wanted),
  DateGreaterThan: date((found, wanted) => found > wanted),
  DateGreaterThanEquals: date((found, wanted) => found >= wanted),
  Bool: isSameWord,
  IpAddress: isWithin,
  ArnEquals: fits,
  ArnLike: fits,
};
const opposites: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
  NotIpAddress: "IpAddress",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
};

const keys =
  /^(?:aws:(?:currenttime|epochtime|securetransport|sourceip|referer|useragent|username|userid|principalaccount|principalarn|principaltype)|s3:(?:prefix|delimiter|max-keys|versionid|signatureversion|authtype|x-amz-[a-z0-9-]+|(?:existingobjecttag|requestobjecttag)\/.{1,128}|locationconstraint|object-lock-[a-z-]+))$/;

export function isOperator(name: string): boolean {
  const { base } = read(name);
  return base === "Null" || Object.hasOwn(operators, base) || Object.hasOwn(opposites, base);
}

/** Whether this server knows what requests have under that key. */
export function isKey(name: string): boolean {
  return keys.test(name.toLowerCase());
}

/** Whether it is about a customer's key. Whose bucket it is could find the keys of others who write into it by comparing them. */
export function isSecret(name: string): boolean {
  return /-customer-key(?:-md5)?$/i.test(name);
}

export function holds(conditions: Conditions, facts: Facts): boolean {
  return Object.entries(conditions).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, values]) => isTrue(operator, values, facts.get(key.toLowerCase()), facts)),
  );
}

function isTrue(operator: string, values: readonly string[], found: string | undefined, facts: Facts): boolean {
  const { base, isOptional } = read(operator);
  if (base === "Null") return values.some((value) => (value.toLowerCase() === "true") === (found === undefined));
  if (found === undefined) return isOptional || Object.hasOwn(opposites, base);
  const opposite = Object.hasOwn(opposites, base) ? opposites[base] : undefined;
  const test = operators[opposite ?? base]!;
  const isAny = values.some((value) => test(filled(value, facts), found));
  return opposite === undefined ? isAny : !isAny;
}

/** `ForAnyValue:` and `ForAllValues:` change nothing here, since no key has several values. */
function read(operator: string): { base: string; isOptional: boolean } {
  const name = operator.replace(/^For(?:Any|All)Values?:/, "");
  const isOptional = name.endsWith("IfExists");
  return { base: isOptional ? name.slice(0, -"IfExists".length) : name, isOptional };
}

/** A policy may name what is known of a request, as in `${aws:username}`. What is not known fits nothing, and neither does what a caller chose so that it would fit more. */
export function filled(text: string, facts: Facts): string {
  return text.replaceAll(/\$\{([^}]{1,200})\}/g, (_whole, key: string) => {
    if (key === "*" || key === "?" || key === "$") return key;
    const found = facts.get(key.toLowerCase());
    return found === undefined || /[*?]/.test(found) ? "\0" : found;
  });
}

/** For example 10.0.0.0/8. */
function isWithin(wanted: string, found: string): boolean {
  const [address = "", bits] = wanted.split("/", 2);
  const [family, foundFamily] = [isIP(address), isIP(found)];
  if (family === 0 || family !== foundFamily) return false;
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, prefix, kind);
  return list.check(found, kind);
}

/** A date as ISO 8601 writes it, or seconds since the epoch. Milliseconds. */
function timeOf(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
}
