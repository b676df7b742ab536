/**
 * Functions as targets of rules and schedules. A function that the Lambda API has made is called as this API calls functions asynchronously, with its event invoke config; one of
 * an app's mayfly.json as its `async` says.
 */
import { type CalleeParts, termsOf } from "../../../control/event-callees.ts";
import type { Invokables } from "../../../control/lambda/invokables.ts";
import type { Account } from "../../../control/lambda/names.ts";
import type { NewEvent } from "../../../events/event.ts";
import type { FunctionAbout } from "../../../events/function-performer.ts";
import { newId } from "../../../events/new-event-id.ts";
import type { LambdaStore } from "../../../store/lambda/lambda-store.ts";
import type { ForTarget, TargetKind } from "../../aws/target-kinds.ts";
import { lambdaEvent } from "./lambda-events.ts";

export interface FunctionTargetParts {
  store: Pick<LambdaStore, "functions">;
  callees: CalleeParts;
  invokables: Invokables;
  /** Milliseconds between a function's first failure and the next attempt. */
  retryMs: number;
}

const ARN = /^arn:aws[\w-]*:lambda:[\w-]*:(\d{12}):function:([\w-]{1,140})(?::(\$LATEST|[\w-]{1,128}))?$/;

export function functionTarget(parts: FunctionTargetParts): TargetKind {
  return {
    accountIn: (arn) => ARN.exec(arn)?.[1],
    event(account, arn, what) {
      const [, , name = "", qualifier] = ARN.exec(arn) ?? [];
      return eventFor(parts, account, { name, qualifier }, what);
    },
  };
}

/** Throws an AwsError or an error of the table if there is no such function. */
function eventFor(
  parts: FunctionTargetParts,
  account: Account,
  named: { name: string; qualifier: string | undefined },
  { payload, source }: ForTarget,
): NewEvent {
  const { store, callees, invokables } = parts;
  const invokable = invokables.find(account, named);
  const id = newId();
  if (store.functions.get(account.tenant, "", named.name) !== undefined)
    return lambdaEvent(parts, account, named.qualifier, { invokable, id, payload, trace: null }, source);
  const { app, function: target } = invokable;
  const about: FunctionAbout = { input: { kind: "event" } };
  const trace = { traceparent: "", tracestate: "" };
  return { lane: { performer: "function", app, target }, id, payload, about, source, trace, ...termsOf(callees, app, target, undefined) };
}
