/** What happens with asynchronous invocations that fail. It is kept here; the use case of invoking reads it. */
import { LATEST } from "../../store/lambda/lambda-store.ts";
import type { EventInvokeRecord } from "../../store/lambda/records.ts";
import { invalidValue, notFound } from "./aws-error.ts";
import { findFunction } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn } from "./names.ts";
import { type Named, requireOwn, requireQualified } from "./require-function.ts";

type Parts = Pick<LambdaParts, "store" | "catalog" | "clock">;

export type EventInvokeChange = Omit<EventInvokeRecord, "lastModified">;

export function putEventInvoke(parts: Parts, account: Account, named: Named, change: EventInvokeChange): EventInvokeRecord {
  requireTarget(parts, account, named);
  refuseDestinations(parts, account, named, change);
  requireOwn(parts, account, { name: named.name });
  return stored(parts, account, named, change);
}

/** Keeps what the change does not name. */
export function updateEventInvoke(parts: Parts, account: Account, named: Named, change: EventInvokeChange): EventInvokeRecord {
  requireTarget(parts, account, named);
  refuseDestinations(parts, account, named, change);
  const { lastModified: _, ...before } = eventInvokeOf(parts, account, named);
  return stored(parts, account, named, { ...before, ...change });
}

export function eventInvokeOf({ store }: Parts, account: Account, { name, qualifier = LATEST }: Named): EventInvokeRecord {
  const found = store.eventInvokes.get(account.tenant, name, qualifier);
  if (found === undefined) throw none(account, name, qualifier);
  return found;
}

export function deleteEventInvoke({ store }: Parts, account: Account, { name, qualifier = LATEST }: Named): void {
  if (!store.eventInvokes.remove(account.tenant, name, qualifier)) throw none(account, name, qualifier);
}

export function eventInvokesOf(parts: Parts, { tenant }: Account, name: string): { qualifier: string; record: EventInvokeRecord }[] {
  if (findFunction(parts, tenant, name) === undefined) throw noFunction();
  const { eventInvokes } = parts.store;
  return eventInvokes.keys(tenant, name).map((qualifier) => ({ qualifier, record: eventInvokes.get(tenant, name, qualifier)! }));
}

function none(account: Account, name: string, qualifier: string): Error {
  return notFound(`The function ${functionArn(account, name, qualifier)} doesn't have an EventInvokeConfig`);
}

function noFunction(): Error {
  return notFound("The function doesn't exist.");
}

function requireTarget(parts: Parts, account: Account, named: Named): void {
  try {
    requireQualified(parts, account, named);
  } catch {
    throw noFunction();
  }
}

const SERVICES = new Set(["lambda", "sqs", "sns", "events", "s3"]);

function refuseDestinations(parts: Parts, account: Account, { name }: Named, { DestinationConfig }: EventInvokeChange): void {
  const { OnSuccess, OnFailure } = DestinationConfig ?? {};
  const [success, failure] = [OnSuccess?.Destination || null, OnFailure?.Destination || null];
  for (const arn of [success, failure]) {
    if (arn === null) continue;
    const [, , service = "", , , , target] = arn.split(":");
    if (!SERVICES.has(service)) throw invalidValue(`The provided destination config ${inWords(success, failure)} is invalid.`);
    if (service !== "lambda") continue;
    if (target === name) throw invalidValue("You can't specify the function as a destination for itself.");
    if (target === undefined || findFunction(parts, account.tenant, target) === undefined)
      throw invalidValue(`The destination ARN ${arn} is invalid.`);
  }
}

/** As AWS shows its own objects. */
function inWords(success: string | null, failure: string | null): string {
  const part = (name: string, arn: string | null) => (arn === null ? "null" : `${name}(destination=${arn})`);
  return `DestinationConfig(onSuccess=${part("OnSuccess", success)}, onFailure=${part("OnFailure", failure)})`;
}

function stored(
  { store, clock }: Parts,
  { tenant }: Account,
  { name, qualifier = LATEST }: Named,
  change: EventInvokeChange,
): EventInvokeRecord {
  const record: EventInvokeRecord = { ...change, lastModified: clock.wall() };
  store.eventInvokes.put(tenant, name, qualifier, record);
  return record;
}
