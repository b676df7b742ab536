/** Reserved concurrency bounds how many invocations of a function run at a time; provisioned concurrency keeps machines ready for a version. */
import type { ProvisionedRecord } from "../../store/lambda/records.ts";
import { LATEST } from "../../store/lambda/lambda-store.ts";
import { AwsError, conflict, invalidValue, invalidValueUntyped, notFound } from "./aws-error.ts";
import { findFunction } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn } from "./names.ts";
import { applyProvisioned } from "./provisioning.ts";
import { functionNotFound, type Named, requireOwn, requireQualified } from "./require-function.ts";

type Parts = Pick<LambdaParts, "store" | "catalog" | "serving" | "clock">;

/** Of an account, in AWS's words: the invocations that may run at a time. A host's machines are the true limit. */
export const ACCOUNT_CONCURRENCY = 1_000;
/** That cannot be reserved. */
const UNRESERVED = 100;

export function reserve(parts: Parts, account: Account, name: string, executions: number): number {
  const record = requireOwn(parts, account, { name });
  const provisioned = provisionedInAll(parts, account.tenant, name);
  if (executions < provisioned)
    throw invalidValue(
      `ReservedConcurrentExecutions  ${executions} should not be lower than function's total provisioned concurrency [${provisioned}].`,
    );
  const others = parts.store.reservedInAll(account.tenant) - (record.reserved ?? 0);
  if (ACCOUNT_CONCURRENCY - others - executions < UNRESERVED) throw tooMuch("ReservedConcurrentExecutions");
  parts.store.functions.put(account.tenant, "", name, { ...record, reserved: executions });
  return executions;
}

/** Of all versions and aliases of the function but this one. */
function provisionedInAll({ store }: Pick<Parts, "store">, tenant: string, name: string, but?: string): number {
  const keys = store.provisioned.keys(tenant, name).filter((key) => key !== but);
  return keys.reduce((sum, key) => sum + store.provisioned.get(tenant, name, key)!.requested, 0);
}

export function unreserve(parts: Parts, account: Account, name: string): void {
  const record = requireOwn(parts, account, { name });
  if (record.reserved !== null) parts.store.functions.put(account.tenant, "", name, { ...record, reserved: null });
}

function tooMuch(what: string): AwsError {
  return invalidValueUntyped(
    `Specified ${what} for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED}].`,
  );
}

export function provision(parts: Parts, account: Account, named: Named & { qualifier: string }, executions: number): ProvisionedRecord {
  const { store, clock } = parts;
  const { tenant } = account;
  const { name, qualifier } = named;
  const { version, alias, found } = requireProvisionable(parts, account, named);
  const { reserved } = found.record;
  if (reserved !== null && reserved < provisionedInAll(parts, tenant, name, qualifier) + executions)
    throw invalidValue("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function");
  if (executions > ACCOUNT_CONCURRENCY)
    throw invalidValueUntyped(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${ACCOUNT_CONCURRENCY}].`,
    );
  if (reserved === null && ACCOUNT_CONCURRENCY - store.reservedInAll(tenant) - executions < UNRESERVED)
    throw tooMuch("ConcurrentExecutions");
  const number = alias?.version ?? String(version?.version);
  const others = store.provisioned.keys(tenant, name).filter((key) => key !== qualifier);
  if (others.some((key) => (store.aliases.get(tenant, name, key)?.version ?? key) === number))
    throw conflict(
      alias === undefined
        ? "Version is pointed by a Provisioned Concurrency alias"
        : "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    );
  const record: ProvisionedRecord = { requested: executions, lastModified: clock.wall() };
  store.provisioned.put(tenant, name, qualifier, record);
  applyProvisioned(parts, tenant, name);
  return record;
}

export function provisionedOf(parts: Parts, account: Account, named: Named & { qualifier: string }): ProvisionedRecord {
  requireProvisionable(parts, account, named);
  const record = parts.store.provisioned.get(account.tenant, named.name, named.qualifier);
  if (record === undefined)
    throw new AwsError("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function");
  return record;
}

export function unprovision(parts: Parts, account: Account, named: Named & { qualifier: string }): void {
  requireProvisionable(parts, account, named);
  parts.store.provisioned.remove(account.tenant, named.name, named.qualifier);
  applyProvisioned(parts, account.tenant, named.name);
}

export function provisionedIn(parts: Parts, account: Account, name: string): { qualifier: string; record: ProvisionedRecord }[] {
  requireQualified(parts, account, { name });
  const { provisioned } = parts.store;
  return provisioned
    .keys(account.tenant, name)
    .map((qualifier) => ({ qualifier, record: provisioned.get(account.tenant, name, qualifier)! }));
}

function requireProvisionable(parts: Parts, account: Account, named: Named): ReturnType<typeof requireQualified> {
  const { name, qualifier } = named;
  if (qualifier === LATEST) throw invalidValue("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (findFunction(parts, account.tenant, name) === undefined) throw functionNotFound(account, named);
  const isAlias = qualifier !== undefined && !/^\d+$/.test(qualifier);
  if (isAlias && parts.store.aliases.get(account.tenant, name, qualifier) === undefined)
    throw notFound(`Cannot find alias arn: ${functionArn(account, name, qualifier)}`);
  return requireQualified(parts, account, named);
}
