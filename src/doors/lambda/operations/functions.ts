import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { functionsOfApp, usualSettings, type FoundFunction } from "../../../control/lambda/find-function.ts";
import { changeFunction, createFunction, deleteFunction } from "../../../control/lambda/functions.ts";
import { layersOf } from "../../../control/lambda/layers.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction, requireQualified } from "../../../control/lambda/require-function.ts";
import { deleteVersion } from "../../../control/lambda/versions.ts";
import { LATEST, versionKey } from "../../../store/lambda/lambda-store.ts";
import type { FunctionRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { createdName, namedIn } from "../read-name.ts";
import { blob, bodyOf, type Members, page } from "../read-request.ts";
import { checkMembers, readSettings } from "../read-settings.ts";
import { listed, newest, versionShown } from "../show.ts";
import { readTags } from "./tags.ts";

/** AWS's limits of requests, in bytes. */
const CREATE_BYTES = 70_167_211;
const ZIPPED_BYTES = 52_428_800;
const PATH = "/2015-03-31/functions";

export function functionRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "CreateFunction",
      method: "POST",
      path: PATH,
      right: "deploy",
      mostBytes: CREATE_BYTES,
      handle: (call) => create(parts, call),
    },
    { operation: "ListFunctions", method: "GET", path: PATH, right: "read", handle: (call) => list(parts, call) },
    { operation: "GetFunction", method: "GET", path: `${PATH}/{FunctionName}`, right: "read", handle: (call) => get(parts, call) },
    {
      operation: "DeleteFunction",
      method: "DELETE",
      path: `${PATH}/{FunctionName}`,
      right: "deploy",
      handle: (call) => remove(parts, call),
    },
    {
      operation: "GetFunctionConfiguration",
      method: "GET",
      path: `${PATH}/{FunctionName}/configuration`,
      right: "read",
      handle: (call) => ({ status: 200, body: configurationOf(parts, call).shown }),
    },
    {
      operation: "UpdateFunctionCode",
      method: "PUT",
      path: `${PATH}/{FunctionName}/code`,
      right: "deploy",
      mostBytes: CREATE_BYTES,
      handle: (call) => updateCode(parts, call),
    },
    {
      operation: "UpdateFunctionConfiguration",
      method: "PUT",
      path: `${PATH}/{FunctionName}/configuration`,
      right: "deploy",
      handle: (call) => updateConfiguration(parts, call),
    },
  ];
}

async function create(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const body = bodyOf(call);
  const name = createdName(account, body.text("FunctionName"));
  const code = body.object("Code");
  checkMembers(body, new Constraints().required("code", code), true);
  if (body.text("PackageType") === "Image" || code?.has("ImageUri"))
    throw invalidValue("Functions of container images are not supported on this server. Please upload a zip file.");
  const tags = readTags(body.map("Tags") ?? {}, name);
  const settings = { ...usualSettings(name, account.tenant), ...readSettings(body, name) };
  if (body.text("Runtime") === undefined || (body.text("Handler") === undefined && !settings.Runtime.startsWith("provided")))
    throw invalidValue("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  if (body.has("CodeSigningConfigArn")) throw noCodeSigning();
  const { shown, codes } = layersOf(parts, { account, user: call.principal.name }, body.texts("Layers") ?? []);
  const publish = body.flag("Publish") ?? false;
  const zip = zipOf(code!);
  const made = { name, settings: shown.length > 0 ? { ...settings, Layers: shown } : settings, layers: codes, zip, tags, publish };
  const record = await createFunction(parts, account, made);
  return { status: 201, body: { ...newest(account, record), ...(publish && { Version: "1" }) } };
}

export function noCodeSigning(): Error {
  return invalidValue("Code signing is not supported on this server.");
}

function zipOf(code: Members): Buffer {
  if (code.has("S3Bucket") || code.has("S3Key"))
    throw invalidValue(
      "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    );
  const zip = blob(code, "ZipFile");
  if (zip === undefined) throw invalidValue("Please provide a source for function code.");
  if (zip.length > ZIPPED_BYTES) throw invalidValue(`Zipped size must be smaller than ${ZIPPED_BYTES} bytes`);
  return zip;
}

function configurationOf(parts: LambdaDoorParts, call: LambdaCall): { shown: object; found: FoundFunction; code: FunctionRecord["code"] } {
  const named = namedIn(call);
  const { account } = call;
  const { found, version } = requireQualified(parts, account, named);
  const shown =
    version === undefined ? newest(account, found.record, named.qualifier) : versionShown(account, named.name, version, named.qualifier);
  return { shown, found, code: (version ?? found.record).code };
}

function get(parts: LambdaDoorParts, call: LambdaCall) {
  const { shown, found, code } = configurationOf(parts, call);
  const { tags, reserved } = found.record;
  return {
    status: 200,
    body: {
      Configuration: shown,
      Code: { RepositoryType: "S3", ...(code !== null && { Location: parts.links.of(code, call.headers.host) }) },
      ...(Object.keys(tags).length > 0 && { Tags: tags }),
      ...(reserved !== null && { Concurrency: { ReservedConcurrentExecutions: reserved } }),
    },
  };
}

async function remove(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name, qualifier } = namedIn(call);
  if (qualifier === LATEST) throw invalidValue("$LATEST version cannot be deleted without deleting the function.");
  if (qualifier !== undefined && !/^\d+$/.test(qualifier)) throw invalidValue("Deletion of aliases is not currently supported.");
  if (qualifier === undefined) await deleteFunction(parts, account, name);
  else deleteVersion(parts, account, name, qualifier);
  return { status: 204 };
}

async function updateCode(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const body = bodyOf(call);
  requireFunction(parts, account, { name });
  if (body.has("ImageUri")) throw invalidValue("Please don't provide ImageUri when updating a function with packageType Zip.");
  const architectures = body.texts("Architectures");
  checkMembers(body, new Constraints(), false);
  const zip = zipOf(body);
  const publish = body.flag("Publish") ?? false;
  const change = {
    zip,
    publish,
    revisionId: body.text("RevisionId"),
    ...(architectures !== undefined && { settings: { Architectures: architectures } }),
  };
  const record = await changeFunction(parts, account, name, change, body.flag("DryRun") ?? false);
  if (!publish || record.publishing === null) return { status: 200, body: newest(account, record) };
  return { status: 200, body: versionShown(account, name, parts.store.versions.get(account.tenant, name, versionKey(record.publishing))!) };
}

async function updateConfiguration(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const body = bodyOf(call);
  checkMembers(body, new Constraints(), false);
  const { record } = requireFunction(parts, account, { name });
  const settings = readSettings(body, name, record.settings);
  const arns = body.texts("Layers");
  const before = { arns: (record.settings.Layers ?? []).map(({ Arn }) => Arn), codes: record.layers };
  const layers = arns && layersOf(parts, { account, user: call.principal.name }, arns, before);
  const change = {
    settings: { ...settings, ...(layers && { Layers: layers.shown.length > 0 ? layers.shown : undefined }) },
    revisionId: body.text("RevisionId"),
    ...(layers && { layers: layers.codes }),
  };
  return { status: 200, body: newest(account, await changeFunction(parts, account, name, change)) };
}

const MOST_LISTED = 50;

/** In the order of the names of their apps; versions come after the function, if they are asked for. */
function list(parts: LambdaDoorParts, { account, query }: LambdaCall) {
  const wanted = query.get("FunctionVersion") ?? undefined;
  new Constraints().oneOf("functionVersion", wanted, ["ALL"]).check();
  const all = everyFunction(parts, account.tenant).flatMap((record) => shownInList(parts, account, record, wanted === "ALL"));
  const { items, NextMarker } = page(all, query, MOST_LISTED, ({ key }) => key);
  return { status: 200, body: { Functions: items.map(({ shown }) => shown), ...(NextMarker !== undefined && { NextMarker }) } };
}

/** Those that were made here and those of apps that were deployed otherwise. */
export function everyFunction(parts: LambdaDoorParts, tenant: string): FunctionRecord[] {
  const { store, catalog } = parts;
  const apps = catalog.page(tenant, "", catalog.count());
  const ofApps = apps.flatMap((app) => functionsOfApp(parts, tenant, app)).map(({ record }) => record);
  const deployed = new Set(ofApps.map(({ name }) => name));
  const pending = store.functions
    .all(tenant, "")
    .filter(({ name, state, revision }) => !deployed.has(name) && (state !== "Active" || revision === null));
  return [...ofApps, ...pending].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function shownInList({ store }: LambdaDoorParts, account: LambdaCall["account"], record: FunctionRecord, withVersions: boolean) {
  const { name } = record;
  const own = { key: name, shown: listed(record, { arn: functionArn(account, name, withVersions ? LATEST : undefined), version: LATEST }) };
  if (!withVersions) return [own];
  const versions = store.versions.all(account.tenant, name).map((version) => ({
    key: `${name} ${versionKey(version.version)}`,
    shown: listed(version, { arn: functionArn(account, name, String(version.version)), version: String(version.version) }),
  }));
  return [own, ...versions];
}
