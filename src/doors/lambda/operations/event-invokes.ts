import { invalidValue } from "../../../control/lambda/aws-error.ts";
import {
  deleteEventInvoke,
  type EventInvokeChange,
  eventInvokeOf,
  eventInvokesOf,
  putEventInvoke,
  updateEventInvoke,
} from "../../../control/lambda/event-invokes.ts";
import { LATEST } from "../../../store/lambda/lambda-store.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { refuseQueuesOfOthers } from "../queues-of-others.ts";
import { askedOf, marked, pageOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";
import { eventInvokeShown } from "../show.ts";

const PATH = "/2019-09-25/functions/{FunctionName}/event-invoke-config";
const DESTINATION =
  "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
const destination =
  /^(|kafka:\/\/[^.][a-zA-Z0-9\-_.]{0,248}|arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:((eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)?:(\d{12})?:.*)$/;

export function eventInvokeRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "PutFunctionEventInvokeConfig",
      method: "PUT",
      path: PATH,
      right: "deploy",
      async handle(call) {
        const named = namedIn(call);
        const change = await allowedChange(parts, call);
        return answer(call, putEventInvoke(parts, call.account, named, change));
      },
    },
    {
      operation: "UpdateFunctionEventInvokeConfig",
      method: "POST",
      path: PATH,
      right: "deploy",
      async handle(call) {
        const named = namedIn(call);
        const change = await allowedChange(parts, call);
        return answer(call, updateEventInvoke(parts, call.account, named, change));
      },
    },
    {
      operation: "GetFunctionEventInvokeConfig",
      method: "GET",
      path: PATH,
      right: "read",
      handle: (call) => answer(call, eventInvokeOf(parts, call.account, namedIn(call))),
    },
    {
      operation: "DeleteFunctionEventInvokeConfig",
      method: "DELETE",
      path: PATH,
      right: "deploy",
      handle(call) {
        deleteEventInvoke(parts, call.account, namedIn(call));
        return { status: 204 };
      },
    },
    {
      operation: "ListFunctionEventInvokeConfigs",
      method: "GET",
      path: `${PATH}/list`,
      right: "read",
      handle: (call) => list(parts, call),
    },
  ];
}

function answer(call: LambdaCall, record: Parameters<typeof eventInvokeShown>[3]) {
  const { name, qualifier = LATEST } = namedIn(call);
  return { status: 200, body: eventInvokeShown(call.account, name, qualifier, record) };
}

async function allowedChange(parts: LambdaDoorParts, call: LambdaCall): Promise<EventInvokeChange> {
  const change = readChange(call);
  const { OnSuccess, OnFailure } = change.DestinationConfig ?? {};
  await refuseQueuesOfOthers(parts, call, [OnSuccess?.Destination, OnFailure?.Destination]);
  return change;
}

function readChange(call: LambdaCall): EventInvokeChange {
  const body = bodyOf(call);
  const [retries, age] = [body.integer("MaximumRetryAttempts"), body.integer("MaximumEventAgeInSeconds")];
  const config = body.object("DestinationConfig");
  const [success, failure] = [config?.object("OnSuccess"), config?.object("OnFailure")];
  new Constraints()
    .range("maximumRetryAttempts", retries, 0, 2)
    .range("maximumEventAgeInSeconds", age, 60, 21_600)
    .length("destinationConfig.onSuccess.destination", success?.text("Destination"), 0, 350)
    .pattern("destinationConfig.onSuccess.destination", success?.text("Destination"), DESTINATION, destination)
    .length("destinationConfig.onFailure.destination", failure?.text("Destination"), 0, 350)
    .pattern("destinationConfig.onFailure.destination", failure?.text("Destination"), DESTINATION, destination)
    .check();
  if (retries === undefined && age === undefined && config === undefined)
    throw invalidValue("You must specify at least one of error handling or destination setting.");
  const to = (place: typeof success) => {
    const arn = place?.text("Destination");
    return arn === undefined || arn === "" ? {} : { Destination: arn };
  };
  return {
    ...(retries !== undefined && { MaximumRetryAttempts: retries }),
    ...(age !== undefined && { MaximumEventAgeInSeconds: age }),
    ...(config !== undefined && { DestinationConfig: { OnSuccess: to(success), OnFailure: to(failure) } }),
  };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  const asked = askedOf(query);
  const page = pageOf(eventInvokesOf(parts, account, name), asked, ({ qualifier }) => qualifier);
  const configs = page.items.map(({ qualifier, record }) => eventInvokeShown(account, name, qualifier, record));
  return { status: 200, body: { FunctionEventInvokeConfigs: configs, ...marked(page) } };
}
