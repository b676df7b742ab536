/** Functions are made, changed and removed. Their code is deployed beside that: see create-deployments.ts. */
import { MOST_FILES } from "../../store/catalog/app-files.ts";
import { versionKey } from "../../store/lambda/lambda-store.ts";
import { readZip, UnreadableZip } from "../../store/lambda/read-zip.ts";
import type { FunctionRecord, FunctionSettings, VersionRecord, ZipCode } from "../../store/lambda/records.ts";
import { UNZIPPED_BYTES } from "./app-of-function.ts";
import { conflict, invalidValue, wrongRevision } from "./aws-error.ts";
import { findFunction } from "./find-function.ts";
import { fingerprint } from "./fingerprint.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { leave } from "./leave.ts";
import { type Account, newRevisionId } from "./names.ts";
import { appOf } from "./place.ts";
import { refuseOtherApp } from "./refuse-other-app.ts";
import { functionNotFound, refuseWhileChanging, requireOwn } from "./require-function.ts";
import { refuseTooManyRecords } from "./room.ts";

export interface NewFunction {
  name: string;
  /** The name of the app that it shares with other functions; absent: it has an app of its own. */
  app?: string | undefined;
  settings: FunctionSettings;
  layers: ZipCode[];
  /** The id of its configuration of code signing. */
  codeSigning?: string | undefined;
  zip: Buffer;
  tags: Record<string, string>;
  publish: boolean;
}

export async function createFunction(parts: LambdaParts, account: Account, made: NewFunction): Promise<FunctionRecord> {
  const { store, clock, deployments } = parts;
  const { tenant } = account;
  refuseTaken(parts, account, made);
  refuseTooManyRecords(parts, tenant);
  await refuseUnreadable(made.zip);
  parts.catalog.refuseMoreCode(tenant, appOf(made), made.zip.length);
  const stored = await store.zips.keep(made.zip, (code) => {
    // Another request may have made it meanwhile.
    refuseTaken(parts, account, made);
    const record = newRecord(made, { code, region: account.region, lastModified: clock.wall() });
    return written(parts, tenant, record, made.publish);
  });
  deployments.begin(tenant, made.name);
  return stored;
}

function newRecord(
  { name, app, settings, layers, tags, codeSigning }: NewFunction,
  facts: Pick<FunctionRecord, "code" | "region" | "lastModified">,
): FunctionRecord {
  return {
    name,
    ...(app !== undefined && { app }),
    settings,
    layers,
    tags,
    ...facts,
    revisionId: newRevisionId(),
    state: "Pending",
    reason: { code: "Creating", text: "The function is being created." },
    revision: null,
    update: null,
    lastVersion: 0,
    published: null,
    publishing: null,
    reserved: null,
    recursiveLoop: "Terminate",
    updateRuntimeOn: "Auto",
    runtimeVersionArn: null,
    ...(codeSigning !== undefined && { codeSigning }),
  };
}

/** Capitals make no difference in hosts, which name apps: two apps whose names differ in capitals alone cannot be. */
function refuseTaken(parts: LambdaParts, account: Account, { name, app }: Pick<NewFunction, "name" | "app">): void {
  const { store, catalog } = parts;
  const { tenant } = account;
  const holder = catalog.names.holderOfHost(tenant, name);
  // The app of one that is being created has not got its name yet.
  const other = store.functionLike(tenant, name);
  if (other !== undefined && other !== name && findFunction({ store, catalog }, tenant, other) !== undefined)
    throw conflict(`Function already exist: ${name}`);
  if (app !== undefined) {
    if (findFunction(parts, tenant, name) !== undefined) throw conflict(`Function already exist: ${name}`);
    return refuseOtherApp(parts, tenant, app);
  }
  if (store.functionsIn(tenant, name).length > 0)
    throw conflict(`Function already exist: the app ${name} is that of other functions, by their tag mayfly:app.`);
  if (store.functions.get(tenant, "", name) === undefined && holder === undefined) return;
  if (store.functions.get(tenant, "", name) !== undefined && findFunction({ store, catalog }, tenant, name) === undefined) return;
  throw conflict(`Function already exist: ${name}`);
}

/** Throws if the zip file cannot be unpacked, or is too large then. @param zip its directory is read, not its contents */
export async function refuseUnreadable(zip: Buffer): Promise<void> {
  try {
    await readZip(zip, { files: MOST_FILES, bytes: UNZIPPED_BYTES - 1 });
  } catch (error) {
    throw error instanceof UnreadableZip ? unreadable(error) : error;
  }
}

function unreadable({ reason, message }: UnreadableZip): Error {
  if (reason === "too-large" && message.includes("bytes"))
    return invalidValue(`Unzipped size must be smaller than ${UNZIPPED_BYTES} bytes`);
  if (reason === "damaged") return invalidValue("Could not unzip uploaded file. Please check your file, then try to upload again.");
  return invalidValue(`Could not unzip uploaded file: ${message}. Please check your file, then try to upload again.`);
}

export interface Change {
  settings?: Partial<FunctionSettings>;
  layers?: ZipCode[];
  zip?: Buffer;
  publish?: boolean;
  revisionId?: string | undefined;
}

/** Returns the function as it is while the change is under way. @param dryRun nothing is stored */
export async function changeFunction(
  parts: LambdaParts,
  account: Account,
  name: string,
  change: Change,
  dryRun = false,
): Promise<FunctionRecord> {
  const { store, clock, deployments } = parts;
  const { tenant } = account;
  const check = () => {
    const record = requireOwn(parts, account, { name });
    if (change.revisionId !== undefined && change.revisionId !== record.revisionId) throw wrongRevision();
    refuseWhileChanging(account, record);
    return record;
  };
  const before = check();
  if (change.zip === undefined && before.code === null)
    throw invalidValue("The function was deployed by mayfly deploy: please change its mayfly.json, or update its code with a zip file.");
  if (change.zip !== undefined) {
    await refuseUnreadable(change.zip);
    parts.catalog.refuseMoreCode(tenant, appOf(before), change.zip.length);
  }
  const changed = (record: FunctionRecord, code: ZipCode | null): FunctionRecord => ({
    ...record,
    settings: { ...record.settings, ...change.settings },
    code,
    layers: change.layers ?? record.layers,
    lastModified: clock.wall(),
    revisionId: newRevisionId(),
    update: "InProgress",
    updateReason: { code: "Creating", text: "The function is being created." },
  });
  if (dryRun) {
    const { update, updateReason, revisionId } = before;
    return { ...changed(before, before.code), update, updateReason, revisionId };
  }
  const write = (code: ZipCode | null) => {
    const record = check();
    const whole = changed(record, code);
    const stored = written(parts, tenant, whole, change.publish === true);
    store.zips.release([record.code, ...record.layers]);
    return stored;
  };
  const stored = change.zip === undefined ? write(before.code) : await store.zips.keep(change.zip, write);
  deployments.begin(tenant, name);
  return stored;
}

/** Stores the function, and with it the version that it is published as. */
function written(parts: LambdaParts, tenant: string, record: FunctionRecord, isPublished: boolean): FunctionRecord {
  return parts.store.together(() => {
    const whole = isPublished ? publishing(parts, tenant, record) : record;
    parts.store.functions.put(tenant, "", record.name, whole);
    return whole;
  });
}

/** The function with the version that it is published as; the version becomes active together with it. */
function publishing({ store }: LambdaParts, tenant: string, record: FunctionRecord): FunctionRecord {
  const version = record.lastVersion + 1;
  const { settings, code, layers, lastModified } = record;
  const made: VersionRecord = {
    version,
    settings,
    code,
    layers,
    lastModified,
    revisionId: newRevisionId(),
    state: "Pending",
    reason: { code: "Creating", text: "The function is being created." },
    revision: null,
  };
  store.versions.put(tenant, record.name, versionKey(version), made);
  return { ...record, lastVersion: version, publishing: version, published: fingerprint(record) };
}

/** Removes the function with its versions and aliases, and its app, unless that has other functions. */
export async function deleteFunction(parts: LambdaParts, account: Account, name: string): Promise<void> {
  const { store, deployments } = parts;
  const { tenant } = account;
  const found = findFunction(parts, tenant, name);
  if (found === undefined) throw functionNotFound(account, { name });
  const app = appOf(requireOwn(parts, account, { name }));
  // With its last function the app goes: one that is about to be its first again would lose it.
  for (const other of [name, ...store.functionsIn(tenant, app)]) await deployments.ended(tenant, other);
  store.removeFunction(tenant, name, app);
  await leave(parts, { tenant, function: name, app });
  store.unsettled.remove({ tenant, function: name, qualifier: "" });
}
