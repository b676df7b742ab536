import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { usualSettings, type FoundFunction } from "../../../control/lambda/find-function.ts";
import { changeFunction, createFunction, deleteFunction } from "../../../control/lambda/functions.ts";
import { chosenCodeSigning, refuseUnsigned } from "../../../control/lambda/code-signing.ts";
import { functionsFrom, versionsFrom } from "../../../control/lambda/list-functions.ts";
import { layersOf } from "../../../control/lambda/layers.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction, requireQualified } from "../../../control/lambda/require-function.ts";
import { deleteVersion } from "../../../control/lambda/versions.ts";
import { LATEST, versionKey } from "../../../store/lambda/lambda-store.ts";
import type { FunctionRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { refuseBeyondBounds } from "../authorize.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { refuseQueuesOfOthers } from "../queues-of-others.ts";
import { askedOf, markerOf, MOST_ASKED } from "../pages.ts";
import { createdName, namedIn } from "../read-name.ts";
import { blob, bodyOf, type Members } from "../read-request.ts";
import { checkMembers } from "../check-settings.ts";
import { readSettings } from "../read-settings.ts";
import { listed, newest, versionShown } from "../show.ts";
import { checkCodeSigningArn } from "./code-signing.ts";
import { APP_TAG, readTags } from "./tags.ts";

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
  const named = body.map("Tags")?.[APP_TAG];
  const app = typeof named === "string" ? named : undefined;
  refuseBeyondBounds(parts.catalog, call, name, app ?? name);
  const code = body.object("Code");
  checkMembers(
    body,
    checkCode(code, checkCodeSigningArn(body.text("CodeSigningConfigArn"), new Constraints().required("code", code))),
    true,
  );
  await refuseQueuesOfOthers(parts, call, [body.object("DeadLetterConfig")?.text("TargetArn")]);
  if (body.text("PackageType") === "Image" || code?.has("ImageUri"))
    throw invalidValue("Functions of container images are not supported on this server. Please upload a zip file.");
  const tags = readTags(body.map("Tags") ?? {});
  const tenancy = body.object("TenancyConfig")?.text("TenantIsolationMode");
  const settings = {
    ...usualSettings(name, account.tenant),
    ...readSettings(body, name),
    ...(tenancy !== undefined && { TenancyConfig: { TenantIsolationMode: tenancy } }),
  };
  if (body.text("Runtime") === undefined || (body.text("Handler") === undefined && !settings.Runtime.startsWith("provided")))
    throw invalidValue("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  const { shown, codes } = layersOf(parts, { account, user: call.principal.name }, body.texts("Layers") ?? []);
  const publish = body.flag("Publish") ?? false;
  const signing = body.text("CodeSigningConfigArn");
  const codeSigning = signing === undefined ? undefined : chosenCodeSigning(parts, account, signing);
  refuseUnsigned(parts, account, name, codeSigning);
  const zip = zipOf(code!);
  const made = {
    name,
    app,
    codeSigning,
    settings: shown.length > 0 ? { ...settings, Layers: shown } : settings,
    layers: codes,
    zip,
    tags,
    publish,
  };
  const record = await createFunction(parts, account, made);
  return { status: 201, body: { ...newest(account, record), ...(publish && { Version: "1" }) } };
}

function checkCode(code: Members | undefined, constraints: Constraints): Constraints {
  const bucket = code?.text("S3Bucket");
  return constraints
    .length("code.s3Bucket", bucket, 3, 63)
    .pattern("code.s3Bucket", bucket, "[0-9A-Za-z\\.\\-_]*(?<!\\.)", /^[0-9A-Za-z.\-_]*(?<!\.)$/)
    .length("code.s3Key", code?.text("S3Key"), 1, 1_024)
    .length("code.s3ObjectVersion", code?.text("S3ObjectVersion"), 1, 1_024);
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
  if (body.has("ImageUri")) throw invalidValue("Please don't provide ImageUri when updating a function with packageType Zip.");
  const architectures = body.texts("Architectures");
  checkMembers(body, checkCode(body, new Constraints()), false);
  if (body.has("PublishTo")) throw invalidValue("PublishTo is not supported on this server.");
  refuseUnsigned(parts, account, name, requireFunction(parts, account, { name }).record.codeSigning);
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
  await refuseQueuesOfOthers(parts, call, [body.object("DeadLetterConfig")?.text("TargetArn")]);
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

/** In the order of functionsFrom(); versions come after the function, if they are asked for. */
function list(parts: LambdaDoorParts, { account, query, principal }: LambdaCall) {
  const wanted = query.get("FunctionVersion") ?? undefined;
  const region = query.get("MasterRegion") ?? undefined;
  new Constraints()
    .pattern(
      "masterRegion",
      region,
      "ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}",
      /^(ALL|(eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d)$/,
    )
    .oneOf("functionVersion", wanted, ["ALL"])
    .check();
  const { count, after = "" } = askedOf(query, MOST_ASKED);
  // One more tells whether there is another page.
  const some = shownFrom(parts, { account, bounds: principal.apps }, after, wanted === "ALL")
    .take(count + 1)
    .toArray();
  const items = some.slice(0, count);
  const next = some.length > count ? { NextMarker: markerOf(items.at(-1)!.key) } : {};
  return { status: 200, body: { Functions: items.map(({ shown }) => shown), ...next } };
}

interface ShownInList {
  /** The place, the function and the version: in the order of the list. A blank comes before everything that a name may have. */
  key: string;
  shown: object;
}

/** What comes after the key. @param bounds ids of apps, beyond which nothing is shown; null: all */
function* shownFrom(
  parts: LambdaDoorParts,
  { account, bounds }: { account: LambdaCall["account"]; bounds: LambdaCall["principal"]["apps"] },
  after: string,
  withVersions: boolean,
): Generator<ShownInList, void> {
  const [from = ""] = after.split(" ", 1);
  const isShown = (app: string) => bounds === null || bounds.includes(parts.catalog.names.known(account.tenant, app) ?? "");
  for (const { place, record } of functionsFrom(parts, account.tenant, from).filter((each) => isShown(each.app)))
    for (const each of withItsVersions(parts, account, place, record, withVersions)) if (each.key > after || place !== from) yield each;
}

function* withItsVersions(
  parts: LambdaDoorParts,
  account: LambdaCall["account"],
  place: string,
  record: FunctionRecord,
  withVersions: boolean,
): Generator<ShownInList, void> {
  const { name } = record;
  const arn = functionArn(account, name, withVersions ? LATEST : undefined);
  yield { key: `${place} ${name}`, shown: listed(record, { arn, version: LATEST }) };
  if (!withVersions) return;
  for (const version of versionsFrom(parts, account.tenant, name, ""))
    yield {
      key: `${place} ${name} ${versionKey(version.version)}`,
      shown: listed(version, { arn: functionArn(account, name, String(version.version)), version: String(version.version) }),
    };
}
