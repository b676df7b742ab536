/** Lifecycle rules as S3's documents have them. Transitions to other storage classes are refused: there is one kind of storage here. */
import { randomUUID } from "node:crypto";
import type { LifecycleRule, ObjectFilter } from "../../services/objects/object.ts";
import { S3Error } from "./s3-error.ts";
import type { Element, Xml } from "./xml.ts";

const MOST_RULES = 1_000;

/** @param root LifecycleConfiguration */
export function lifecycleOfXml(root: Element): LifecycleRule[] {
  const rules = root.all("Rule").map(ruleOf);
  if (rules.length === 0 || rules.length > MOST_RULES) throw new S3Error("MalformedXML");
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw new S3Error("InvalidArgument", {}, "Rule ID must be unique. Found same ID for more than one rule");
  return rules;
}

function ruleOf(rule: Element): LifecycleRule {
  const status = rule.text("Status");
  const id = rule.text("ID") || randomUUID();
  if (status !== "Enabled" && status !== "Disabled") throw new S3Error("MalformedXML");
  if (id.length > 255) throw new S3Error("InvalidArgument", {}, "ID length should not exceed allowed limit of 255");
  for (const transition of rule.all("Transition")) if (transition.has("Date")) dateOf(transition.text("Date")!);
  const [expiration, noncurrent, abort] = [
    rule.one("Expiration"),
    rule.one("NoncurrentVersionExpiration"),
    rule.one("AbortIncompleteMultipartUpload"),
  ];
  if (!rule.has("Filter") && !rule.has("Prefix")) throw new S3Error("MalformedXML");
  const filter = filterOf(rule);
  const made = {
    id,
    isEnabled: status === "Enabled",
    filter,
    ...(!rule.has("Filter") && { isPlain: true }),
    ...(expiration && { expiration: expirationOf(expiration) }),
    ...(noncurrent && {
      noncurrent: { days: days(noncurrent, "NoncurrentDays"), keep: noncurrent.number("NewerNoncurrentVersions") ?? 0 },
    }),
    ...(abort && { abortUploadsDays: days(abort, "DaysAfterInitiation") }),
  };
  // What is wrong in itself is told first.
  if (rule.has("Transition") || rule.has("NoncurrentVersionTransition"))
    throw new S3Error("NotImplemented", {}, "Transitions to other storage classes are not implemented: there is one kind of storage.");
  if (expiration === undefined && noncurrent === undefined && abort === undefined)
    throw new S3Error("InvalidRequest", {}, "At least one action needs to be specified in a rule");
  // Neither an upload nor a delete marker has tags.
  for (const [action, isThere] of [
    ["AbortIncompleteMultipartUpload", abort !== undefined],
    ["ExpiredObjectDeleteMarker", made.expiration?.expiredMarkers !== undefined],
  ] as const)
    if (isThere && filter.tags !== undefined) throw new S3Error("InvalidRequest", {}, `${action} cannot be specified with Tags.`);
  return made;
}

function expirationOf(expiration: Element): NonNullable<LifecycleRule["expiration"]> {
  const date = expiration.text("Date");
  const marker = expiration.text("ExpiredObjectDeleteMarker");
  if ([date, marker, expiration.text("Days")].filter((each) => each !== undefined).length !== 1) throw new S3Error("MalformedXML");
  if (marker !== undefined) return { expiredMarkers: marker === "true" };
  if (date === undefined) return { days: days(expiration, "Days") };
  return { date: dateOf(date) };
}

function dateOf(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new S3Error("MalformedXML");
  if (at % 86_400_000 !== 0) throw new S3Error("InvalidArgument", {}, "'Date' must be at midnight GMT");
  return at;
}

function days(of: Element, name: string): number {
  const number = of.number(name);
  if (number === undefined) throw new S3Error("MalformedXML");
  if (number <= 0)
    throw new S3Error("InvalidArgument", {}, `'${name}' for ${name === "Days" ? "Expiration" : "the"} action must be a positive integer`);
  return number;
}

function filterOf(rule: Element): ObjectFilter {
  const filter = rule.one("Filter");
  if (filter === undefined) return { prefix: rule.text("Prefix") ?? "" };
  const parts = filter.one("And") ?? filter;
  if (!filter.has("And") && filter.names.length > 1) throw new S3Error("MalformedXML");
  const tags = parts.all("Tag").map((tag) => [tag.needed("Key"), tag.needed("Value")]);
  const [prefix, above, below] = [parts.text("Prefix"), parts.number("ObjectSizeGreaterThan"), parts.number("ObjectSizeLessThan")];
  return {
    ...(prefix !== undefined && { prefix }),
    ...(tags.length > 0 && { tags: Object.fromEntries(tags) as Record<string, string> }),
    ...(above !== undefined && { above }),
    ...(below !== undefined && { below }),
  };
}

export function xmlOfLifecycle(rules: readonly LifecycleRule[]): Xml {
  return {
    Rule: rules.map(({ id, isEnabled, filter, isPlain, expiration, noncurrent, abortUploadsDays }) => ({
      ID: id,
      ...(isPlain === true ? { Prefix: filter.prefix ?? "" } : { Filter: xmlOfFilter(filter) }),
      Status: isEnabled ? "Enabled" : "Disabled",
      Expiration: expiration && {
        Days: expiration.days,
        Date: expiration.date === undefined ? undefined : new Date(expiration.date).toISOString(),
        ExpiredObjectDeleteMarker: expiration.expiredMarkers,
      },
      NoncurrentVersionExpiration: noncurrent && { NoncurrentDays: noncurrent.days, NewerNoncurrentVersions: noncurrent.keep || undefined },
      AbortIncompleteMultipartUpload: abortUploadsDays === undefined ? undefined : { DaysAfterInitiation: abortUploadsDays },
    })),
  };
}

function xmlOfFilter({ prefix, tags, above, below }: ObjectFilter): Xml {
  const parts = {
    Prefix: prefix,
    Tag: Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    ObjectSizeGreaterThan: above,
    ObjectSizeLessThan: below,
  };
  const count = [prefix, above, below].filter((each) => each !== undefined).length + parts.Tag.length;
  return count > 1 ? { And: parts } : parts;
}
