import { invalidValue, notFound } from "../../../control/lambda/aws-error.ts";
import { codeSigningIdIn, tagCodeSigning } from "../../../control/lambda/code-signing.ts";
import { newRevisionId } from "../../../control/lambda/names.ts";
import { appOf } from "../../../control/lambda/place.ts";
import { requireFunction, requireOwn } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";
import { shownMap } from "../read-settings.ts";
import { capacityProviderNotFound } from "./not-here.ts";

const PATH = "/2017-03-31/tags/{Resource}";
const RESOURCE =
  "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";
const resource =
  /^arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)$/;
const MOST_TAGS = 50;
/** The tag that names the app of a function, which it shares with others. */
export const APP_TAG = "mayfly:app";

export function tagRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "TagResource", method: "POST", path: PATH, right: "deploy", handle: (call) => tag(parts, call) },
    { operation: "UntagResource", method: "DELETE", path: PATH, right: "deploy", handle: (call) => untag(parts, call) },
    { operation: "ListTags", method: "GET", path: PATH, right: "read", handle: (call) => list(parts, call) },
  ];
}

/** Throws if there are too many, or one is too long. */
export function readTags(tags: Record<string, string>): Record<string, string> {
  const shown = `'${shownMap(tags)}'`;
  new Constraints()
    .unless(
      Object.keys(tags).every((key) => key.length >= 1 && key.length <= 128),
      "tags",
      shown,
      "Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must not be null]",
    )
    .unless(
      Object.values(tags).every((value) => value.length <= 256),
      "tags",
      shown,
      "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must not be null]",
    )
    .check();
  if (Object.keys(tags).length > MOST_TAGS) throw invalidValue("Number of tags exceeds resource tag limit.");
  return tags;
}

/** A function stays in the app in which it was made: its bill, its limits and its machines are there. */
function refuseOtherApp({ tags, app }: Tagged, next: Record<string, string>): void {
  const named = Object.hasOwn(next, APP_TAG) ? next[APP_TAG] : undefined;
  const before = Object.hasOwn(tags, APP_TAG) ? tags[APP_TAG] : undefined;
  if (app === undefined || named === before || named === app) return;
  throw invalidValue(
    `The tag ${APP_TAG} of a function can be given when the function is created, and stays: this function is in the app ${app}. Please create another function for another app.`,
  );
}

function tag(parts: LambdaDoorParts, call: LambdaCall) {
  const tagged = taggedBy(parts, call);
  const tags = bodyOf(call).map("Tags") ?? {};
  if (Object.keys(tags).length === 0) throw invalidValue("An error occurred and the request cannot be processed.");
  const next = readTags({ ...tagged.tags, ...tags });
  refuseOtherApp(tagged, next);
  tagged.put(next);
  return { status: 204 };
}

function untag(parts: LambdaDoorParts, call: LambdaCall) {
  const keys = call.query.getAll("tagKeys");
  new Constraints().required("tagKeys", keys.length > 0 ? keys : undefined).check();
  const tagged = taggedBy(parts, call);
  const gone = new Set(keys);
  const next = Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !gone.has(key)));
  refuseOtherApp(tagged, next);
  tagged.put(next);
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  return { status: 200, body: { Tags: taggedBy(parts, call, false).tags } };
}

/** What has tags: a function, a configuration of code signing, or an event source mapping. */
interface Tagged {
  tags: Record<string, string>;
  /** The name of a function's app. */
  app?: string;
  put: (tags: Record<string, string>) => void;
}

function taggedBy(parts: LambdaDoorParts, call: LambdaCall, toChange = true): Tagged {
  const arn = call.params["Resource"]!;
  new Constraints().length("resource", arn, 1, 256).pattern("resource", arn, RESOURCE, resource).check();
  const [, , , , , sort, id] = arn.split(":");
  if (sort === "capacity-provider") throw capacityProviderNotFound(arn);
  if (sort === "event-source-mapping") return taggedEventSource(parts, call, arn);
  if (sort === "code-signing-config") return taggedCodeSigning(parts, call, arn);
  if (sort === "layer") throw invalidValue(`Tags on layers are not supported on this server: ${id}.`);
  return taggedFunction(parts, call, arn, toChange);
}

/** A function that was deployed by another way is stored from its first tag on. */
function taggedFunction(parts: LambdaDoorParts, { account }: LambdaCall, arn: string, toChange: boolean): Tagged {
  const { name, qualifier } = readNamed(account, arn);
  if (qualifier !== undefined)
    throw invalidValue("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  const record = toChange ? requireOwn(parts, account, { name }) : requireFunction(parts, account, { name }).record;
  const put = (tags: Record<string, string>) =>
    parts.store.functions.put(account.tenant, "", name, { ...record, tags, revisionId: newRevisionId() });
  return { tags: record.tags, app: appOf(record), put };
}

function taggedEventSource({ store }: LambdaDoorParts, { account: { tenant } }: LambdaCall, arn: string): Tagged {
  const record = store.eventSources.get(tenant, "", arn.split(":")[6]!);
  if (record === undefined) throw notFound(`Event source mapping not found: ${arn}`);
  return { tags: record.tags, put: (tags) => store.eventSources.put(tenant, "", record.uuid, { ...record, tags }) };
}

function taggedCodeSigning(parts: LambdaDoorParts, { account }: LambdaCall, arn: string): Tagged {
  const record = parts.store.codeSignings.get(account.tenant, "", codeSigningIdIn(arn));
  if (record === undefined)
    throw notFound(`The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`);
  return { tags: record.tags, put: (tags) => tagCodeSigning(parts, account, record, tags) };
}
