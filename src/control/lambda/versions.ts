/** A version is a function as it was when it was published. Its revision stays as long as the version does. */
import { versionKey } from "../../store/lambda/lambda-store.ts";
import type { VersionRecord } from "../../store/lambda/records.ts";
import { conflict, invalidValue, wrongRevision } from "./aws-error.ts";
import { fingerprint } from "./fingerprint.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn, newRevisionId } from "./names.ts";
import { applyProvisioned } from "./provisioning.ts";
import { functionNotFound, refuseWhileChanging, requireOwn } from "./require-function.ts";
import { findFunction } from "./find-function.ts";
import { refuseTooManyRecords } from "./room.ts";
import { settled, settledRemoval } from "./settle.ts";

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
  const key = versionKey(version.version);
  settled(
    parts,
    { tenant, function: name, qualifier: String(version.version) },
    () => {
      store.versions.put(tenant, name, key, version);
      store.functions.put(tenant, "", name, { ...record, lastVersion: version.version, published: print, revisionId: newRevisionId() });
    },
    () => {
      store.versions.remove(tenant, name, key);
      store.functions.put(tenant, "", name, record);
    },
  );
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
  // Its machines go before it is forgotten which revision they are of.
  store.provisioned.remove(tenant, name, number);
  applyProvisioned(parts, tenant, name);
  settledRemoval(parts, { tenant, function: name, qualifier: number }, () => {
    for (const shelf of [store.policies, store.eventInvokes]) shelf.remove(tenant, name, number);
    store.versions.remove(tenant, name, key);
  });
  store.zips.release([version.code, ...version.layers]);
}
