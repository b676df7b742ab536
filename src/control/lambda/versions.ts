/** A version is a function as it was when it was published. Its revision stays as long as the version does. */
import { versionKey } from "../../store/lambda/lambda-store.ts";
import type { VersionRecord } from "../../store/lambda/records.ts";
import { removeAlias } from "../point.ts";
import { conflict, invalidValue, wrongRevision } from "./aws-error.ts";
import { keepRevision } from "./create-deployments.ts";
import { fingerprint } from "./fingerprint.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { mayflyErrorIn } from "./mayfly-error-in.ts";
import { type Account, aliasFor, functionArn, newRevisionId } from "./names.ts";
import { applyProvisioned } from "./provisioning.ts";
import { functionNotFound, refuseWhileChanging, requireOwn } from "./require-function.ts";
import { findFunction } from "./find-function.ts";
import { refuseTooManyRecords } from "./room.ts";

export interface Publication {
  description?: string | undefined;
  codeSha256?: string | undefined;
  revisionId?: string | undefined;
}

/** Returns the newest version if nothing of the function has changed since it was published. */
export function publishVersion(
  parts: LambdaParts,
  account: Account,
  name: string,
  { description, codeSha256, revisionId }: Publication,
): VersionRecord {
  const { store } = parts;
  const { tenant } = account;
  const record = requireOwn(parts, account, { name });
  if (revisionId !== undefined && revisionId !== record.revisionId) throw wrongRevision();
  const sha256 = record.code?.sha256 ?? "";
  if (codeSha256 !== undefined && codeSha256 !== sha256)
    throw invalidValue(
      `CodeSHA256 (${codeSha256}) is different from current CodeSHA256 in $LATEST (${sha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  const print = fingerprint(record);
  const newest = store.versions.get(tenant, name, versionKey(record.lastVersion));
  if (newest !== undefined && record.published === print) return newest;
  refuseWhileChanging(account, record);
  if (record.revision === null)
    throw conflict("The operation cannot be performed at this time. The function is currently in the following state: Failed");
  refuseTooManyRecords(parts, tenant);
  const { settings, code, layers, lastModified, revision } = record;
  const version: VersionRecord = {
    version: record.lastVersion + 1,
    settings: description === undefined ? settings : { ...settings, Description: description },
    code,
    layers,
    lastModified,
    revisionId: newRevisionId(),
    state: "Active",
    revision,
  };
  keepRevision(parts, tenant, name, version.version, revision);
  store.versions.put(tenant, name, versionKey(version.version), version);
  store.functions.put(tenant, "", name, { ...record, lastVersion: version.version, published: print, revisionId: newRevisionId() });
  return version;
}

/** A version that is not there is removed already. */
export function deleteVersion(parts: LambdaParts, account: Account, name: string, number: string): void {
  const { store } = parts;
  const { tenant } = account;
  if (findFunction(parts, tenant, name) === undefined) throw functionNotFound(account, { name });
  const user = store.aliases.all(tenant, name).filter(({ version, weights }) => version === number || Object.hasOwn(weights, number));
  if (user.length > 0)
    throw conflict(
      `Version ${functionArn(account, name, number)} cannot be deleted because it is referenced by aliases: [${user.map((each) => each.name).join(", ")}].`,
    );
  const key = versionKey(Number(number));
  const version = store.versions.get(tenant, name, key);
  if (version === undefined) return;
  for (const shelf of [store.policies, store.eventInvokes, store.provisioned]) shelf.remove(tenant, name, number);
  applyProvisioned(parts, tenant, name);
  store.versions.remove(tenant, name, key);
  try {
    removeAlias(parts, tenant, name, aliasFor(number));
  } catch (error) {
    mayflyErrorIn(["no-such-app", "no-such-alias"])(error);
  }
  store.zips.release([version.code, ...version.layers]);
}
