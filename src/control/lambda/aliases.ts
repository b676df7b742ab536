/** Aliases of the Lambda API are aliases of the app, which send calls by weights; what AWS shows of them besides is kept here. */
import { LATEST } from "../../store/lambda/lambda-store.ts";
import type { AliasRecord } from "../../store/lambda/records.ts";
import type { TargetChoice } from "../../store/catalog/catalog.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { point, removeAlias } from "../point.ts";
import { conflict, invalidValue, invalidValueUntyped, notFound, wrongRevision } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { mayflyErrorIn } from "./mayfly-error-in.ts";
import { type Account, aliasFor, functionArn, newRevisionId } from "./names.ts";
import { applyProvisioned } from "./provisioning.ts";
import { requireFunction, requireOwn, requireQualified } from "./require-function.ts";
import { refuseTooManyRecords } from "./room.ts";

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
  const targets = targetsOf(parts, account, name, record);
  requireOwn(parts, account, { name });
  if (store.aliases.get(tenant, name, alias) !== undefined) throw conflict(`Alias already exists: ${functionArn(account, name, alias)}`);
  return stored(parts, tenant, name, record, targets);
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
  return stored(parts, account.tenant, name, record, targetsOf(parts, account, name, record));
}

/** Removing an alias that is not there changes nothing. */
export function deleteAlias(parts: LambdaParts, account: Account, name: string, alias: string): void {
  const { store } = parts;
  const { tenant } = account;
  requireFunction(parts, account, { name });
  if (!store.aliases.remove(tenant, name, alias)) return;
  for (const shelf of [store.policies, store.urls, store.eventInvokes, store.provisioned]) shelf.remove(tenant, name, alias);
  applyProvisioned(parts, tenant, name);
  try {
    removeAlias(parts, tenant, name, aliasFor(alias));
  } catch (error) {
    mayflyErrorIn(["no-such-app", "no-such-alias"])(error);
  }
}

/** Where the alias sends calls: a share of each other version's weight, and the rest. */
function targetsOf(parts: LambdaParts, account: Account, name: string, { version, weights }: AliasRecord): TargetChoice[] {
  const others = Object.entries(weights);
  if (others.length > 1) throw invalidValue("Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (others.length > 0 && version === LATEST)
    throw invalidValueUntyped("$LATEST is not supported for an alias pointing to more than 1 version");
  const main = revisionOf(parts, account, name, version);
  const targets: TargetChoice[] = [];
  let rest = 1;
  for (const [other, weight] of others) {
    if (other === version)
      throw invalidValue(`Invalid function version ${other}. Function version ${other} is already included in routing configuration.`);
    const revision = revisionOf(parts, account, name, other);
    rest -= weight;
    // Two versions of one code are one revision, which an alias can name once.
    if (weight > 0 && revision !== main) targets.push({ revision, weight });
    else if (revision === main) rest += weight;
  }
  return rest > 0 ? [{ revision: main, weight: rest }, ...targets] : targets;
}

function revisionOf(parts: LambdaParts, account: Account, name: string, qualifier: string): string {
  const { found, version } = requireQualified(parts, account, { name, qualifier });
  const revision = version === undefined ? found.record.revision : version.revision;
  if (revision === null)
    throw conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
  return revision;
}

function stored(parts: LambdaParts, tenant: string, name: string, record: AliasRecord, targets: TargetChoice[]): AliasRecord {
  try {
    point(parts, tenant, name, aliasFor(record.name), targets);
  } catch (error) {
    // The names of two aliases differ in capitals only.
    if (error instanceof MayflyError && error.code === "bad-request") throw invalidValue(error.message);
    throw error;
  }
  parts.store.aliases.put(tenant, name, record.name, record);
  applyProvisioned(parts, tenant, name);
  return record;
}
