/** The operations of durable executions. */
import { AwsError, invalidValue, notFound } from "../../../control/lambda/aws-error.ts";
import { requireQualified } from "../../../control/lambda/require-function.ts";
import { ARN_PATTERN, type ExecutionPlace, readExecutionArn } from "../../../durable/arn.ts";
import { errorIn, markerOf, readMarker } from "../../../durable/call-payload.ts";
import type { Executions } from "../../../durable/executions.ts";
import type { ExecutionStatus } from "../../../durable/operation.ts";
import { inSeconds, showOperation } from "../../../durable/show-operation.ts";
import type { CallbackMessage } from "../../../durable/machine/by-itself.ts";
import type { ExecutionFacts } from "../../../durable/store/look.ts";
import type { Catalog } from "../../../store/catalog/catalog.ts";
import { LATEST, type LambdaStore } from "../../../store/lambda/lambda-store.ts";
import type { LambdaAnswer, LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, queryNumber } from "../read-request.ts";
import { type CalleeParts, calleesOf } from "./callees.ts";
import type { DurableCall } from "./start.ts";
import { readUpdates } from "./read-updates.ts";
import { eventShown, executionListed, executionShown } from "./show-execution.ts";

export interface ExecutionRouteParts extends CalleeParts {
  executions: Executions;
  store: LambdaStore;
  catalog: Catalog;
  /** Of a checkpoint or a result, in bytes. */
  requestBytes: number;
}

const EXECUTION = "/2025-12-01/durable-executions/{DurableExecutionArn}";
const CALLBACK = "/2025-12-01/durable-execution-callbacks/{CallbackId}";
const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"];
const MOST_ITEMS = 1_000;
const USUAL_ITEMS = 100;

export function executionRoutes(parts: ExecutionRouteParts): LambdaRoute[] {
  const { requestBytes: mostBytes } = parts;
  const callback = (operation: string, path: string, read: (call: LambdaCall) => CallbackMessage): LambdaRoute => ({
    operation,
    method: "POST",
    path: `${CALLBACK}/${path}`,
    right: "invoke",
    mostBytes,
    handle: (call) => callBack(parts, call, read(call)),
  });
  return [
    { operation: "GetDurableExecution", method: "GET", path: EXECUTION, right: "read", handle: (call) => get(parts, call) },
    {
      operation: "GetDurableExecutionHistory",
      method: "GET",
      path: `${EXECUTION}/history`,
      right: "read",
      handle: (call) => history(parts, call),
    },
    {
      operation: "GetDurableExecutionState",
      method: "GET",
      path: `${EXECUTION}/state`,
      right: "invoke",
      handle: (call) => state(parts, call),
    },
    {
      operation: "CheckpointDurableExecution",
      method: "POST",
      path: `${EXECUTION}/checkpoint`,
      right: "invoke",
      mostBytes,
      handle: (call) => checkpoint(parts, call),
    },
    { operation: "StopDurableExecution", method: "POST", path: `${EXECUTION}/stop`, right: "invoke", handle: (call) => stop(parts, call) },
    callback("SendDurableExecutionCallbackSuccess", "succeed", ({ body }) => ({
      kind: "succeed",
      result: body.length === 0 ? undefined : body.toString(),
    })),
    callback("SendDurableExecutionCallbackFailure", "fail", (call) => ({ kind: "fail", error: errorOf(call) })),
    callback("SendDurableExecutionCallbackHeartbeat", "heartbeat", () => ({ kind: "heartbeat" })),
    {
      operation: "ListDurableExecutionsByFunction",
      method: "GET",
      path: "/2025-12-01/functions/{FunctionName}/durable-executions",
      right: "read",
      handle: (call) => list(parts, call),
    },
  ];
}

async function get(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const { id } = await executionOf(parts, call);
  const found = await parts.executions.get(id);
  if (found === null) throw executionNotFound(call);
  return { status: 200, body: executionShown(found, isWhole(call)) };
}

async function history(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const most = itemsIn(call);
  const after = markerIn(call) ?? null;
  const isReverse = call.query.get("ReverseOrder") === "true";
  const { id } = await executionOf(parts, call);
  const page = await parts.executions.history(id, { after, most, isReverse });
  if (page === null) throw executionNotFound(call);
  const whole = isWhole(call);
  return { status: 200, body: { Events: page.events.map((event) => eventShown(event, whole)), ...nextOf(page.next) } };
}

async function state(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const token = call.query.get("CheckpointToken") ?? undefined;
  new Constraints().required("checkpointToken", token).check();
  const [most, after] = [itemsIn(call, MOST_ITEMS), markerIn(call) ?? 0];
  const { id } = await executionOf(parts, call);
  const page = await parts.executions.state(id, token!, { after, most });
  if (page === null) throw executionNotFound(call);
  if (page === "wrong-token") throw invalidValue("Invalid Checkpoint Token");
  return { status: 200, body: { Operations: page.operations.map((each) => showOperation(each, inSeconds)), ...nextOf(page.next) } };
}

async function checkpoint(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const body = bodyOf(call);
  const [token, clientToken] = [body.text("CheckpointToken"), body.text("ClientToken")];
  new Constraints()
    .required("checkpointToken", token)
    .length("checkpointToken", token, 1, 2_048)
    .length("clientToken", clientToken, 1, 64)
    .check();
  const updates = readUpdates(body);
  const { id, app, about } = await executionOf(parts, call);
  const callees = calleesOf(parts, (about.call as DurableCall).account, app, updates);
  const done = await parts.executions.checkpoint({ id, token: token!, clientToken: clientToken ?? null, updates, callees });
  if (done.kind === "unknown") throw executionNotFound(call);
  if (done.kind === "refused") throw invalidValue(done.text);
  const Operations = done.operations.map((each) => showOperation(each, inSeconds));
  return { status: 200, body: { CheckpointToken: done.token, NewExecutionState: { Operations } } };
}

async function stop(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const error = call.body.length === 0 ? undefined : errorOf(call);
  const { id } = await executionOf(parts, call);
  const stoppedAt = await parts.executions.stop(id, error);
  if (stoppedAt === null) throw executionNotFound(call);
  return { status: 200, body: { StopTimestamp: inSeconds(stoppedAt) } };
}

async function callBack(parts: ExecutionRouteParts, call: LambdaCall, message: CallbackMessage): Promise<LambdaAnswer> {
  const id = call.params["CallbackId"]!;
  new Constraints()
    .length("callbackId", id, 1, 1_024)
    .pattern("callbackId", id, "[A-Za-z0-9+/]+={0,2}", /^[A-Za-z0-9+/]+={0,2}$/)
    .check();
  const owner = await parts.executions.callbackOf(id);
  const done = owner === undefined || !isTheirs(parts, call, owner.app) ? "unknown" : await parts.executions.callBack(id, message);
  if (done === "unknown") throw invalidValue("There is no durable execution that waits for this callback.");
  if (done === "closed") throw new AwsError("CallbackTimeoutException", "The callback has either expired or has already been closed.");
  return { status: 200, body: {} };
}

async function list(parts: ExecutionRouteParts, call: LambdaCall): Promise<LambdaAnswer> {
  const { query, account } = call;
  const statuses = query.getAll("Statuses");
  const most = itemsIn(call);
  new Constraints()
    .each("statuses", statuses, (status) => STATUSES.includes(status), `Member must satisfy enum value set: [${STATUSES.join(", ")}]`)
    .check();
  const named = namedIn(call);
  const { found, version } = requireQualified(parts, account, named);
  const app = parts.catalog.names.known(account.tenant, found.app);
  if (app === undefined || !isTheirs(parts, call, app)) throw notFound(`Function not found: ${named.name}`);
  const page = await parts.executions.list({
    app,
    functions: [named.name],
    version: version === undefined ? named.qualifier && LATEST : String(version.version),
    name: query.get("DurableExecutionName") ?? undefined,
    statuses: statuses as ExecutionStatus[],
    startedAfter: timeIn(query, "StartedAfter"),
    startedBefore: timeIn(query, "StartedBefore"),
    // The order of a history is the other way round.
    isNewestFirst: query.get("ReverseOrder") !== "true",
    most,
    after: markerIn(call),
  });
  return { status: 200, body: { DurableExecutions: page.executions.map(executionListed), ...nextOf(page.next) } };
}

/** Rejects with ResourceNotFoundException, also for an execution of somebody else. */
async function executionOf(parts: ExecutionRouteParts, call: LambdaCall): Promise<ExecutionFacts> {
  const arn = call.params["DurableExecutionArn"]!;
  const place = readExecutionArn(arn);
  new Constraints()
    .length("durableExecutionArn", arn, 1, 1_024)
    .unless(place !== undefined, "durableExecutionArn", `'${arn}'`, `Member must satisfy regular expression pattern: ${ARN_PATTERN}`)
    .check();
  const found = await parts.executions.facts(place!.id);
  if (found === null || !isNamed(found, place!) || !isTheirs(parts, call, found.app)) throw executionNotFound(call);
  return found;
}

function isNamed({ function: name, name: own, version }: ExecutionFacts, place: ExecutionPlace): boolean {
  return place.name === own && place.version === version && place.functionArn.endsWith(`:${name}`);
}

function isTheirs({ catalog }: ExecutionRouteParts, { account, principal }: LambdaCall, app: string): boolean {
  return catalog.names.nameOf(app)?.tenant === account.tenant && (principal.apps === null || principal.apps.includes(app));
}

function executionNotFound({ params }: LambdaCall): Error {
  return notFound(`Durable execution not found: ${params["DurableExecutionArn"]}`);
}

function errorOf(call: LambdaCall) {
  // The error is the body itself.
  bodyOf(call);
  return call.body.length === 0 ? {} : errorIn(JSON.parse(call.body.toString()));
}

function isWhole({ query }: LambdaCall): boolean {
  return query.get("IncludeExecutionData") !== "false";
}

function itemsIn({ query }: LambdaCall, usual = USUAL_ITEMS): number {
  const asked = queryNumber(query, "MaxItems");
  new Constraints().range("maxItems", asked, 0, MOST_ITEMS).check();
  return asked === undefined || asked === 0 ? usual : asked;
}

function markerIn({ query }: LambdaCall): number | undefined {
  const text = query.get("Marker");
  if (text === null || text === "") return undefined;
  return (
    readMarker(text) ??
    (() => {
      throw invalidValue("Invalid Marker");
    })()
  );
}

function nextOf(next: number | null): { NextMarker?: string } {
  return next === null ? {} : { NextMarker: markerOf(next) };
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new AwsError("SerializationException", `STRING_VALUE can not be converted to a timestamp: ${name}`);
  return at;
}
