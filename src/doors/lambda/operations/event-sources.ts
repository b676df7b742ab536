/** Event source mappings: there are none yet, so that none is found, and none can be made. */
import { invalidValue, noSuchResource } from "../../../control/lambda/aws-error.ts";
import { findFunction } from "../../../control/lambda/find-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, MOST_ASKED } from "../pages.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";

const ALL = "/2015-03-31/event-source-mappings";
const ONE = `${ALL}/{UUID}`;

export function eventSourceRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  const missing = () => {
    throw noSuchResource();
  };
  return [
    { operation: "CreateEventSourceMapping", method: "POST", path: ALL, right: "deploy", handle: (call) => create(parts, call) },
    {
      operation: "ListEventSourceMappings",
      method: "GET",
      path: ALL,
      right: "read",
      handle({ query }) {
        askedOf(query, MOST_ASKED);
        return { status: 200, body: { EventSourceMappings: [] } };
      },
    },
    { operation: "GetEventSourceMapping", method: "GET", path: ONE, right: "read", handle: missing },
    { operation: "UpdateEventSourceMapping", method: "PUT", path: ONE, right: "deploy", handle: missing },
    { operation: "DeleteEventSourceMapping", method: "DELETE", path: ONE, right: "deploy", handle: missing },
  ];
}

function create(parts: LambdaDoorParts, call: LambdaCall): never {
  const body = bodyOf(call);
  const text = body.text("FunctionName");
  checkMembers(body, new Constraints().required("functionName", text));
  const arn = body.text("EventSourceArn");
  if (arn === undefined && !body.has("SelfManagedEventSource")) throw invalidValue("Unrecognized event source.");
  refuseUnfit(body, arn?.split(":")[2]);
  const { name } = readNamed(call.account, text!);
  if (findFunction(parts, call.account.tenant, name) === undefined) throw invalidValue("Function does not exist");
  throw invalidValue("Event source mappings are not supported on this server yet.");
}

const POSITIONS = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"];

/** Throws a ValidationException that names everything that is wrong with single members. */
function checkMembers(body: Members, constraints: Constraints): void {
  constraints
    .range("batchSize", body.integer("BatchSize"), 1, 10_000)
    .range("maximumBatchingWindowInSeconds", body.integer("MaximumBatchingWindowInSeconds"), 0, 300)
    .range("parallelizationFactor", body.integer("ParallelizationFactor"), 1, 10)
    .oneOf("startingPosition", body.text("StartingPosition"), POSITIONS)
    .range("maximumRecordAgeInSeconds", body.integer("MaximumRecordAgeInSeconds"), -1, 604_800)
    .range("maximumRetryAttempts", body.integer("MaximumRetryAttempts"), -1, 10_000)
    .range("tumblingWindowInSeconds", body.integer("TumblingWindowInSeconds"), 0, 900)
    .count("topics", body.texts("Topics"), 1, 1)
    .count("queues", body.texts("Queues"), 1, 1)
    .count("functionResponseTypes", body.texts("FunctionResponseTypes"), 0, 1)
    .range("scalingConfig.maximumConcurrency", body.object("ScalingConfig")?.integer("MaximumConcurrency"), 2, 1_000)
    .check();
}

/** What does not go together with the kind of the source. */
function refuseUnfit(body: Members, service: string | undefined): void {
  if (service === "sqs" && body.has("DestinationConfig"))
    throw invalidValue("Unsupported DestinationConfig parameter for given event source mapping type.");
  if (service === "sqs" && (body.integer("BatchSize") ?? 10) > 10 && (body.integer("MaximumBatchingWindowInSeconds") ?? 0) === 0)
    throw invalidValue("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  if ((service === "kinesis" || service === "dynamodb") && !body.has("StartingPosition"))
    throw invalidValue(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (service === "dynamodb" && body.text("StartingPosition") === "AT_TIMESTAMP")
    throw invalidValue(`Unsupported starting position for arn type: ${body.text("EventSourceArn")}`);
}
