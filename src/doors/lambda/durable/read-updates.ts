/** Reads what a function checkpoints. */
import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { errorIn } from "../../../durable/call-payload.ts";
import { MOST_UPDATES } from "../../../durable/limits.ts";
import type { OperationAction, OperationType, OperationUpdate } from "../../../durable/operation.ts";
import { Constraints } from "../constraints.ts";
import type { Members } from "../read-request.ts";

const TYPES = ["EXECUTION", "CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE"];
const ACTIONS = ["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"];
const ID = "[a-zA-Z0-9-_]+";
const id_ = /^[a-zA-Z0-9-_]+$/;
const NAME = "[\\x20-\\x7E]+";
const name_ = /^[\x20-\x7E]+$/;
const SUB_TYPE = "[a-zA-Z-_]+";
const subType_ = /^[a-zA-Z-_]+$/;
/** Seconds: a year of 366 days. */
const YEAR_S = 31_622_400;

/** Throws a ValidationException or SerializationException. */
export function readUpdates(body: Members): OperationUpdate[] {
  const updates = body.objects("Updates") ?? [];
  if (updates.length > MOST_UPDATES) throw invalidValue(`A checkpoint may have at most ${MOST_UPDATES} updates.`);
  return updates.map(readUpdate);
}

function readUpdate(update: Members, index: number): OperationUpdate {
  const at = (member: string) => `updates.${index + 1}.member.${member}`;
  const [Id, ParentId, Name, SubType] = ["Id", "ParentId", "Name", "SubType"].map((member) => update.text(member));
  const [Type, Action, Payload] = ["Type", "Action", "Payload"].map((member) => update.text(member));
  const wait = update.object("WaitOptions")?.integer("WaitSeconds");
  const retry = update.object("StepOptions")?.integer("NextAttemptDelaySeconds");
  const callback = update.object("CallbackOptions");
  const [timeout, heartbeat] = [callback?.integer("TimeoutSeconds"), callback?.integer("HeartbeatTimeoutSeconds")];
  const chained = update.object("ChainedInvokeOptions");
  new Constraints()
    .required(at("id"), Id)
    .length(at("id"), Id, 1, 64)
    .pattern(at("id"), Id, ID, id_)
    .length(at("parentId"), ParentId, 1, 64)
    .pattern(at("parentId"), ParentId, ID, id_)
    .length(at("name"), Name, 1, 256)
    .pattern(at("name"), Name, NAME, name_)
    .required(at("type"), Type)
    .oneOf(at("type"), Type, TYPES)
    .length(at("subType"), SubType, 1, 32)
    .pattern(at("subType"), SubType, SUB_TYPE, subType_)
    .required(at("action"), Action)
    .oneOf(at("action"), Action, ACTIONS)
    .range(at("waitOptions.waitSeconds"), wait, 1, YEAR_S)
    .range(at("stepOptions.nextAttemptDelaySeconds"), retry, 0, YEAR_S)
    .range(at("callbackOptions.timeoutSeconds"), timeout, 0, YEAR_S)
    .range(at("callbackOptions.heartbeatTimeoutSeconds"), heartbeat, 0, YEAR_S)
    .length(at("chainedInvokeOptions.functionName"), chained?.text("FunctionName"), 1, 256)
    .check();
  return {
    Id: Id!,
    Type: Type as OperationType,
    Action: Action as OperationAction,
    ...(ParentId !== undefined && { ParentId }),
    ...(Name !== undefined && { Name }),
    ...(SubType !== undefined && { SubType }),
    ...(Payload !== undefined && { Payload }),
    ...(update.has("Error") && { Error: errorIn(update.raw("Error")) }),
    ...(update.has("ContextOptions") && contextOptions(update.object("ContextOptions")!)),
    ...(update.has("StepOptions") && { StepOptions: retry === undefined ? {} : { NextAttemptDelaySeconds: retry } }),
    ...(wait !== undefined && { WaitOptions: { WaitSeconds: wait } }),
    ...(callback !== undefined && {
      CallbackOptions: {
        ...(timeout !== undefined && { TimeoutSeconds: timeout }),
        ...(heartbeat !== undefined && { HeartbeatTimeoutSeconds: heartbeat }),
      },
    }),
    ...(chained !== undefined && { ChainedInvokeOptions: chainedOptions(chained) }),
  };
}

function contextOptions(options: Members): Pick<OperationUpdate, "ContextOptions"> {
  const ReplayChildren = options.flag("ReplayChildren");
  return { ContextOptions: ReplayChildren === undefined ? {} : { ReplayChildren } };
}

function chainedOptions(options: Members): NonNullable<OperationUpdate["ChainedInvokeOptions"]> {
  const TenantId = options.text("TenantId");
  return { FunctionName: options.text("FunctionName") ?? "", ...(TenantId !== undefined && { TenantId }) };
}
