import { AwsError, invalidValue, notFound } from "../../../control/lambda/aws-error.ts";
import { newRevisionId } from "../../../control/lambda/names.ts";
import { requireFunction, requireOwn } from "../../../control/lambda/require-function.ts";
import type { FunctionRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";

const PATH = "/2017-03-31/tags/{Resource}";
const RESOURCE =
  "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";
const resource =
  /^arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)$/;
const MOST_TAGS = 50;
/** The tag that names the app of a function. */
const APP_TAG = "mayfly:app";

export function tagRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "TagResource", method: "POST", path: PATH, right: "deploy", handle: (call) => tag(parts, call) },
    { operation: "UntagResource", method: "DELETE", path: PATH, right: "deploy", handle: (call) => untag(parts, call) },
    { operation: "ListTags", method: "GET", path: PATH, right: "read", handle: (call) => list(parts, call) },
  ];
}

/** Throws if there are too many, or one names another app than the function's. */
export function readTags(tags: Record<string, string>, name: string): Record<string, string> {
  if (Object.keys(tags).length > MOST_TAGS) throw invalidValue("Number of tags exceeds resource tag limit.");
  const app = Object.hasOwn(tags, APP_TAG) ? tags[APP_TAG] : undefined;
  if (app !== undefined && app !== name)
    throw invalidValue(
      `The tag ${APP_TAG} is ${app}, but a function of this API is an app of its own: it must be ${name}, or be left out.`,
    );
  return tags;
}

function tag(parts: LambdaDoorParts, call: LambdaCall) {
  const record = taggedFunction(parts, call);
  const tags = bodyOf(call).map("Tags") ?? {};
  if (Object.keys(tags).length === 0) throw invalidValue("An error occurred and the request cannot be processed.");
  store(parts, call, { ...record, tags: readTags({ ...record.tags, ...tags }, record.name) });
  return { status: 204 };
}

function untag(parts: LambdaDoorParts, call: LambdaCall) {
  const keys = call.query.getAll("tagKeys");
  new Constraints().required("tagKeys", keys.length > 0 ? keys : undefined).check();
  const record = taggedFunction(parts, call);
  const gone = new Set(keys);
  store(parts, call, { ...record, tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.has(key))) });
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  return { status: 200, body: { Tags: taggedFunction(parts, call, false).tags } };
}

/** A function that was deployed by another way is stored from its first tag on. */
function taggedFunction(parts: LambdaDoorParts, call: LambdaCall, toChange = true): FunctionRecord {
  const { account, params } = call;
  const arn = params["Resource"]!;
  new Constraints().pattern("resource", arn, RESOURCE, resource).check();
  const [, , , , , sort, id] = arn.split(":");
  if (sort === "capacity-provider") throw notFound(`Capacity provider not found: ${arn}`);
  if (sort === "event-source-mapping") throw notFound(`Event source mapping not found: ${arn}`);
  if (sort === "code-signing-config")
    throw new AwsError(
      "ResourceNotFoundException",
      `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
    );
  if (sort === "layer") throw invalidValue(`Tags on layers are not supported on this server: ${id}.`);
  const { name, qualifier } = readNamed(account, arn, undefined);
  if (qualifier !== undefined)
    throw invalidValue("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  return toChange ? requireOwn(parts, account, { name }) : requireFunction(parts, account, { name }).record;
}

function store(parts: LambdaDoorParts, { account }: LambdaCall, record: FunctionRecord): void {
  parts.store.functions.put(account.tenant, "", record.name, { ...record, revisionId: newRevisionId() });
}
