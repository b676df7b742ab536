/** Event source mappings: there are none yet, so that none is found, and none can be made. */
import { invalidValue, noSuchResource } from "../../../control/lambda/aws-error.ts";
import { findFunction } from "../../../control/lambda/find-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { readNamed } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";

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
      handle: () => ({ status: 200, body: { EventSourceMappings: [] } }),
    },
    { operation: "GetEventSourceMapping", method: "GET", path: ONE, right: "read", handle: missing },
    { operation: "UpdateEventSourceMapping", method: "PUT", path: ONE, right: "deploy", handle: missing },
    { operation: "DeleteEventSourceMapping", method: "DELETE", path: ONE, right: "deploy", handle: missing },
  ];
}

function create(parts: LambdaDoorParts, call: LambdaCall): never {
  const body = bodyOf(call);
  const text = body.text("FunctionName");
  new Constraints().required("functionName", text).check();
  const arn = body.text("EventSourceArn");
  if (arn === undefined && !body.has("SelfManagedEventSource")) throw invalidValue("Unrecognized event source.");
  if (arn?.split(":")[2] === "sqs" && body.has("DestinationConfig"))
    throw invalidValue("Unsupported DestinationConfig parameter for given event source mapping type.");
  const { name } = readNamed(call.account, text!);
  if (findFunction(parts, call.account.tenant, name) === undefined) throw invalidValue("Function does not exist");
  throw invalidValue("Event source mappings are not supported on this server yet.");
}
