/** Aliases of the Lambda API are aliases of the app, which send calls by weights; what AWS shows of them besides is kept here. */
import { LATEST } from "../../store/lambda/lambda-store.ts";
import type { AliasRecord } from "../../store/lambda/records.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { conflict, invalidValue, invalidValueUntyped, notFound, wrongRevision } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn, newRevisionId } from "./names.ts";
import { applyProvisioned } from "./provisioning.ts";
import { requireFunction, requireOwn, requireQualified } from "./require-function.ts";
import { refuseTooManyRecords } from "./room.ts";
import { settled, settledRemoval } from "./settle.ts";

export interface AliasChange {
  version?: string | undefined;
  description?: string | undefined;
  weights?: Record<string, number> | undefined;
  revisionId?: string | undefined;
}

export function createAlias(
  parts: LambdaParts,
  account: Account,
  name: string,
  alias: string,
  change: AliasChange & { version: string },
): AliasRecord {
  const { store } = parts;
  const { tenant } = account;
  const record = {
    name: alias,
    version: change.version,
    description: change.description ?? "",
    weights: change.weights ?? {},
    revisionId: newRevisionId(),
  };
  refuseTooManyRecords(parts, tenant);
  checkTargets(parts, account, name, record);
  requireOwn(parts, account, { name });
  if (store.aliases.get(tenant, name, alias) !== undefined) throw conflict(`Alias already exists: ${functionArn(account, name, alias)}`);
  return stored(parts, tenant, name, record, undefined);
}

export function updateAlias(parts: LambdaParts, account: Account, name: string, alias: string, change: AliasChange): AliasRecord {
  const { store } = parts;
  requireFunction(parts, account, { name });
  const before = store.aliases.get(account.tenant, name, alias);
  if (before === undefined) throw notFound(`Alias not found: ${functionArn(account, name, alias)}`);
  if (change.revisionId !== undefined && change.revisionId !== before.revisionId) throw wrongRevision();
  const record: AliasRecord = {
    ...before,
    version: change.version ?? before.version,
    description: change.description ?? before.description,
    weights: change.weights ?? before.weights,
    revisionId: newRevisionId(),
  };
  checkTargets(parts, account, name, record);
  return stored(parts, account.tenant, name, record, before);
}

/** Removing an alias that is not there changes nothing. */
export function deleteAlias(parts: LambdaParts, account: Account, name: string, alias: string): void {
  const { store } = parts;
  const { tenant } = account;
  requireFunction(parts, account, { name });
  if (store.aliases.get(tenant, name, alias) === undefined) return;
  settledRemoval(parts, { tenant, function: name, qualifier: alias }, () => {
    for (const shelf of [store.aliases, store.policies, store.urls, store.eventInvokes, store.provisioned])
      shelf.remove(tenant, name, alias);
  });
  applyProvisioned(parts, tenant, name);
}

/** Throws an AwsError if calls cannot be sent where the alias says. */
function checkTargets(parts: LambdaParts, account: Account, name: string, { version, weights }: AliasRecord): void {
  const others = Object.entries(weights);
  if (others.length > 1) throw invalidValue("Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (others.length > 0 && version === LATEST)
    throw invalidValueUntyped("$LATEST is not supported for an alias pointing to more than 1 version");
  requireRevision(parts, account, name, version);
  for (const [other] of others) {
    if (other === version)
      throw invalidValue(`Invalid function version ${other}. Function version ${other} is already included in routing configuration.`);
    requireRevision(parts, account, name, other);
  }
}

function requireRevision(parts: LambdaParts, account: Account, name: string, qualifier: string): void {
  const { found, version } = requireQualified(parts, account, { name, qualifier });
  if ((version ?? found.record).revision === null)
    throw conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
}

/** @param before undefined: the alias is new */
function stored(parts: LambdaParts, tenant: string, name: string, record: AliasRecord, before: AliasRecord | undefined): AliasRecord {
  const { aliases } = parts.store;
  const put = (alias: AliasRecord) => aliases.put(tenant, name, alias.name, alias);
  try {
    settled(
      parts,
      { tenant, function: name, qualifier: record.name },
      () => put(record),
      () => (before === undefined ? void aliases.remove(tenant, name, record.name) : put(before)),
    );
  } catch (error) {
    // The names of two aliases differ in capitals only.
    if (error instanceof MayflyError && error.code === "bad-request") throw invalidValue(error.message);
    throw error;
  }
  applyProvisioned(parts, tenant, name);
  return record;
}
