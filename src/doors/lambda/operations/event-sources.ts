/** Event source mappings of queues. Other sources of AWS are not here. */
import { invalidValue } from "../../../control/lambda/aws-error.ts";
import {
  createEventSource,
  deleteEventSource,
  eventSourceArn,
  type EventSourceChange,
  type EventSourceParts,
  requireEventSource,
  updateEventSource,
} from "../../../control/lambda/event-sources.ts";
import { type Account, functionArn } from "../../../control/lambda/names.ts";
import { queueArn, readQueueArn } from "../../../control/lambda/queue-arns.ts";
import { NoPattern, readPattern } from "../../../patterns/read-pattern.ts";
import type { EventSourceRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, marked, MOST_ASKED, pageOf } from "../pages.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";
import { readTags } from "./tags.ts";

const ALL = "/2015-03-31/event-source-mappings";
const ONE = `${ALL}/{UUID}`;
const MOST_FILTERS = 10;
const PATTERN_LENGTH = 4_096;

export function eventSourceRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  const own: EventSourceParts = { ...parts, ...parts.eventSources };
  return [
    { operation: "CreateEventSourceMapping", method: "POST", path: ALL, right: "deploy", handle: (call) => create(own, call) },
    { operation: "ListEventSourceMappings", method: "GET", path: ALL, right: "read", handle: (call) => list(own, call) },
    {
      operation: "GetEventSourceMapping",
      method: "GET",
      path: ONE,
      right: "read",
      handle: ({ account, params }) => ({ status: 200, body: shown(account, requireEventSource(own, account, params["UUID"]!)) }),
    },
    { operation: "UpdateEventSourceMapping", method: "PUT", path: ONE, right: "deploy", handle: (call) => update(own, call) },
    {
      operation: "DeleteEventSourceMapping",
      method: "DELETE",
      path: ONE,
      right: "deploy",
      handle: ({ account, params }) => accepted(account, deleteEventSource(own, account, params["UUID"]!), "Deleting"),
    },
  ];
}

async function create(parts: EventSourceParts, call: LambdaCall) {
  const { account } = call;
  const body = bodyOf(call);
  const text = body.text("FunctionName");
  const change = readChange(body, new Constraints().required("functionName", text));
  const arn = body.text("EventSourceArn");
  if (arn === undefined && !body.has("SelfManagedEventSource")) throw invalidValue("Unrecognized event source.");
  refuseUnfit(body, arn?.split(":")[2]);
  const named = readNamed(account, text!);
  const record = await createEventSource(parts, account, arn ?? "", named, { ...change, tags: readTags(body.map("Tags") ?? {}) });
  return accepted(account, record, record.isEnabled ? "Creating" : "Disabled");
}

async function update(parts: EventSourceParts, call: LambdaCall) {
  const { account, params } = call;
  const body = bodyOf(call);
  const text = body.text("FunctionName");
  const change = readChange(body, new Constraints());
  const before = requireEventSource(parts, account, params["UUID"]!);
  const named = text === undefined ? undefined : readNamed(account, text);
  const record = await updateEventSource(parts, account, before.uuid, named, change);
  return accepted(account, record, stateOfChange(before.isEnabled, record.isEnabled));
}

/** AWS takes some time for a change, and says so. Here it is done. */
function stateOfChange(wasEnabled: boolean, isEnabled: boolean): string {
  if (wasEnabled === isEnabled) return isEnabled ? "Updating" : "Disabled";
  return isEnabled ? "Enabling" : "Disabling";
}

const POSITIONS = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"];

/** Throws a ValidationException that names everything that is wrong with single members. */
function readChange(body: Members, constraints: Constraints): EventSourceChange {
  const [batchSize, windowSeconds] = [body.integer("BatchSize"), body.integer("MaximumBatchingWindowInSeconds")];
  const scaling = body.object("ScalingConfig");
  const maximum = scaling?.integer("MaximumConcurrency");
  const responses = body.texts("FunctionResponseTypes");
  constraints
    .range("batchSize", batchSize, 1, 10_000)
    .range("maximumBatchingWindowInSeconds", windowSeconds, 0, 300)
    .range("parallelizationFactor", body.integer("ParallelizationFactor"), 1, 10)
    .oneOf("startingPosition", body.text("StartingPosition"), POSITIONS)
    .range("maximumRecordAgeInSeconds", body.integer("MaximumRecordAgeInSeconds"), -1, 604_800)
    .range("maximumRetryAttempts", body.integer("MaximumRetryAttempts"), -1, 10_000)
    .range("tumblingWindowInSeconds", body.integer("TumblingWindowInSeconds"), 0, 900)
    .count("topics", body.texts("Topics"), 1, 1)
    .count("queues", body.texts("Queues"), 1, 1)
    .count("functionResponseTypes", responses, 0, 1)
    .each(
      "functionResponseTypes",
      responses,
      (each) => each === "ReportBatchItemFailures",
      "Member must satisfy enum value set: [ReportBatchItemFailures]",
    )
    .range("scalingConfig.maximumConcurrency", maximum, 2, 1_000)
    .check();
  const filters = readFilters(body.object("FilterCriteria"));
  const isEnabled = body.flag("Enabled");
  return {
    ...(batchSize !== undefined && { batchSize }),
    ...(windowSeconds !== undefined && { windowSeconds }),
    ...(filters !== undefined && { filters }),
    ...(responses !== undefined && { reportsFailures: responses.length > 0 }),
    ...(scaling !== undefined && { maximumConcurrency: maximum ?? null }),
    ...(isEnabled !== undefined && { isEnabled }),
  };
}

/** Null: no filter any more. */
function readFilters(criteria: Members | undefined): string[] | null | undefined {
  if (criteria === undefined) return undefined;
  const patterns = (criteria.objects("Filters") ?? []).map((each) => each.text("Pattern") ?? "");
  if (patterns.length > MOST_FILTERS) throw invalidValue(`There are more than ${MOST_FILTERS} filters, which is the most of a mapping.`);
  for (const pattern of patterns) {
    if (pattern.length > PATTERN_LENGTH) throw invalidValue("Invalid filter pattern definition.");
    try {
      readPattern(pattern);
    } catch (error) {
      if (error instanceof NoPattern) throw invalidValue("Invalid filter pattern definition.");
      throw error;
    }
  }
  return patterns.length === 0 ? null : patterns;
}

/** What does not go together with the kind of the source. */
function refuseUnfit(body: Members, service: string | undefined): void {
  if (service === "sqs" && body.has("DestinationConfig"))
    throw invalidValue("Unsupported DestinationConfig parameter for given event source mapping type.");
  if ((service === "kinesis" || service === "dynamodb") && !body.has("StartingPosition"))
    throw invalidValue(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (service === "dynamodb" && body.text("StartingPosition") === "AT_TIMESTAMP")
    throw invalidValue(`Unsupported starting position for arn type: ${body.text("EventSourceArn")}`);
  if (service !== "sqs" && service !== undefined)
    throw invalidValue(`Event source mappings of ${service} are not supported on this server: there are those of SQS.`);
}

function list(parts: EventSourceParts, { account, query }: LambdaCall) {
  const asked = askedOf(query, MOST_ASKED);
  const [arn, text] = [query.get("EventSourceArn"), query.get("FunctionName")];
  const queue = arn === null ? undefined : (readQueueArn(arn)?.name ?? "");
  const named = text === null ? undefined : readNamed(account, text);
  const found = parts.store.eventSources
    .all(account.tenant, "")
    .filter((each) => (queue === undefined || each.queue === queue) && (named === undefined || isOf(each, named)));
  const page = pageOf(found, asked, ({ uuid }) => uuid);
  return { status: 200, body: { EventSourceMappings: page.items.map((each) => shown(account, each)), ...marked(page) } };
}

function isOf(record: EventSourceRecord, { name, qualifier }: ReturnType<typeof readNamed>): boolean {
  return record.function === name && (qualifier === undefined || record.qualifier === qualifier);
}

function accepted(account: Account, record: EventSourceRecord, state: string) {
  return { status: 202, body: shown(account, record, state) };
}

function shown(account: Account, record: EventSourceRecord, state = record.isEnabled ? "Enabled" : "Disabled"): object {
  const { uuid, filters, maximumConcurrency } = record;
  return {
    UUID: uuid,
    EventSourceMappingArn: eventSourceArn(account, uuid),
    EventSourceArn: queueArn(account, record.queue),
    FunctionArn: functionArn(account, record.function, record.qualifier),
    BatchSize: record.batchSize,
    MaximumBatchingWindowInSeconds: record.windowSeconds,
    ...(filters !== null && { FilterCriteria: { Filters: filters.map((Pattern) => ({ Pattern })) } }),
    ...(maximumConcurrency !== null && { ScalingConfig: { MaximumConcurrency: maximumConcurrency } }),
    FunctionResponseTypes: record.reportsFailures ? ["ReportBatchItemFailures"] : [],
    LastModified: record.lastModified / 1_000,
    State: state,
    StateTransitionReason: "USER_INITIATED",
  };
}
