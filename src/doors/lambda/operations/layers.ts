import { invalidValue } from "../../../control/lambda/aws-error.ts";
import {
  addLayerPermission,
  deleteLayer,
  layerPolicy,
  partsOfLayerArn,
  publishLayer,
  removeLayerPermission,
  requireLayer,
} from "../../../control/lambda/layers.ts";
import { layerArn } from "../../../control/lambda/names.ts";
import { policyOf } from "../../../control/lambda/permissions.ts";
import { LAYER_RUNTIMES, RUNTIMES } from "../../../control/lambda/runtimes.ts";
import { versionKey } from "../../../store/lambda/lambda-store.ts";
import type { LayerRecord } from "../../../store/lambda/records.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, marked, markerOf, pageOf } from "../pages.ts";
import { blob, bodyOf, pathNumber } from "../read-request.ts";
import { architecturesRule, ARCHITECTURES, layerVersion, LAYER_VERSION, shown } from "../check-settings.ts";
import { layerShown } from "../show.ts";

const ALL = "/2018-10-31/layers";
const VERSIONS = `${ALL}/{LayerName}/versions`;
const ONE = `${VERSIONS}/{VersionNumber}`;
const POLICY = `${ONE}/policy`;
const LAYER_BYTES = 70_167_211;
const ZIPPED_BYTES = 52_428_800;
const NAMES_AT_ONCE = 100;

export function layerRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "PublishLayerVersion",
      method: "POST",
      path: VERSIONS,
      right: "deploy",
      mostBytes: LAYER_BYTES,
      handle: (call) => publish(parts, call),
    },
    { operation: "ListLayerVersions", method: "GET", path: VERSIONS, right: "read", handle: (call) => listVersions(parts, call) },
    {
      operation: "GetLayerVersionByArn",
      method: "GET",
      path: `${ALL}?find=LayerVersion`,
      right: "read",
      handle: (call) => getByArn(parts, call),
    },
    { operation: "ListLayers", method: "GET", path: ALL, right: "read", handle: (call) => list(parts, call) },
    { operation: "GetLayerVersion", method: "GET", path: ONE, right: "read", handle: (call) => get(parts, call) },
    { operation: "DeleteLayerVersion", method: "DELETE", path: ONE, right: "deploy", handle: (call) => remove(parts, call) },
    { operation: "GetLayerVersionPolicy", method: "GET", path: POLICY, right: "read", handle: (call) => getPolicy(parts, call) },
    { operation: "AddLayerVersionPermission", method: "POST", path: POLICY, right: "deploy", handle: (call) => addPermission(parts, call) },
    {
      operation: "RemoveLayerVersionPermission",
      method: "DELETE",
      path: `${POLICY}/{StatementId}`,
      right: "deploy",
      handle: (call) => removePermission(parts, call),
    },
  ];
}

const name_ = /^(?:arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:)?([a-zA-Z0-9-_]+)$/;
const NAME = "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

function layerName({ params }: LambdaCall): string {
  const text = params["LayerName"]!;
  new Constraints().length("layerName", text, 1, 140).pattern("layerName", text, NAME, name_).check();
  return name_.exec(text)![1]!;
}

async function publish(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const body = bodyOf(call);
  const content = body.object("Content");
  const runtimes = body.texts("CompatibleRuntimes");
  const architectures = body.texts("CompatibleArchitectures");
  const known = new Set([...RUNTIMES.split(", "), ...LAYER_RUNTIMES.split(", ")]);
  new Constraints()
    .required("content", content)
    .unless(
      (runtimes ?? []).every((each) => known.has(each)),
      "compatibleRuntimes",
      `'${shown(runtimes)}'`,
      `Member must satisfy enum value set: [${RUNTIMES}]`,
    )
    .unless(
      (architectures ?? []).every((each) => ARCHITECTURES.includes(each)),
      "compatibleArchitectures",
      `'${shown(architectures)}'`,
      architecturesRule,
    )
    .unless((runtimes ?? []).length <= 15, "compatibleRuntimes", `'${shown(runtimes)}'`, "Member must have length less than or equal to 15")
    .length("description", body.text("Description"), 0, 256)
    .length("licenseInfo", body.text("LicenseInfo"), 0, 512)
    .check();
  if (content!.has("S3Bucket") || content!.has("S3Key"))
    throw invalidValue(
      "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    );
  const zip = blob(content!, "ZipFile");
  if (zip === undefined) throw invalidValue("Please provide a source for the layer content.");
  if (zip.length > ZIPPED_BYTES) throw invalidValue(`Zipped size must be smaller than ${ZIPPED_BYTES} bytes`);
  const layer = await publishLayer(parts, account, {
    name: layerName(call),
    description: body.text("Description") ?? "",
    licenseInfo: body.text("LicenseInfo") ?? null,
    runtimes: runtimes ?? null,
    architectures: architectures ?? null,
    zip,
  });
  return { status: 201, body: whole(parts, call, layer) };
}

/** With where its zip file can be fetched. */
function whole(parts: LambdaDoorParts, { account, headers }: LambdaCall, layer: LayerRecord): object {
  const { code, name } = layer;
  return {
    LayerArn: layerArn(account, name),
    ...layerShown(account, layer),
    Content: { Location: parts.links.of(code, headers.host), CodeSha256: code.sha256, CodeSize: code.size },
  };
}

function get(parts: LambdaDoorParts, call: LambdaCall) {
  return { status: 200, body: whole(parts, call, requireLayer(parts, call.account, layerName(call), pathNumber(call, "VersionNumber"))) };
}

function getByArn(parts: LambdaDoorParts, call: LambdaCall) {
  const arn = call.query.get("Arn") ?? undefined;
  new Constraints().required("arn", arn).pattern("arn", arn, LAYER_VERSION, layerVersion).check();
  const { name, version } = partsOfLayerArn(arn!);
  return { status: 200, body: whole(parts, call, requireLayer(parts, call.account, name, version)) };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  deleteLayer(parts, call.account, layerName(call), pathNumber(call, "VersionNumber"));
  return { status: 204 };
}

function checkFilter(query: URLSearchParams): (layer: LayerRecord) => boolean {
  const [runtime, architecture] = [query.get("CompatibleRuntime") ?? undefined, query.get("CompatibleArchitecture") ?? undefined];
  new Constraints()
    .oneOf("compatibleRuntime", runtime, LAYER_RUNTIMES.split(", "))
    .oneOf("compatibleArchitecture", architecture, ARCHITECTURES)
    .check();
  const fits = (list: string[] | null, wanted: string | undefined) => wanted === undefined || list?.includes(wanted) === true;
  return ({ runtimes, architectures }) => fits(runtimes, runtime) && fits(architectures, architecture);
}

/** The newest first. */
function listVersions(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const fits = checkFilter(query);
  const asked = askedOf(query);
  const all = parts.store.layers.all(account.tenant, layerName(call)).filter(fits).toReversed();
  const page = pageOf(
    all,
    asked,
    ({ version }) => versionKey(version),
    (key, other) => key < other,
  );
  return { status: 200, body: { LayerVersions: page.items.map((layer) => layerShown(account, layer)), ...marked(page) } };
}

/** Each layer with its newest version that fits. */
function list(parts: LambdaDoorParts, { account, query }: LambdaCall) {
  const fits = checkFilter(query);
  const { count, after = "" } = askedOf(query);
  const some = newestFrom(parts, account.tenant, after, fits)
    .take(count + 1)
    .toArray();
  const items = some.slice(0, count);
  const layers = items.map((layer) => ({
    LayerName: layer.name,
    LayerArn: layerArn(account, layer.name),
    LatestMatchingVersion: layerShown(account, layer),
  }));
  return { status: 200, body: { Layers: layers, ...(some.length > count && { NextMarker: markerOf(items.at(-1)!.name) }) } };
}

function* newestFrom(
  { store }: LambdaDoorParts,
  tenant: string,
  after: string,
  fits: (layer: LayerRecord) => boolean,
): Generator<LayerRecord, void> {
  let names = store.layerNames(tenant, after, NAMES_AT_ONCE);
  while (names.length > 0) {
    for (const name of names) {
      const newest = store.layers.all(tenant, name).findLast(fits);
      if (newest !== undefined) yield newest;
    }
    names = store.layerNames(tenant, names.at(-1)!, NAMES_AT_ONCE);
  }
}

function getPolicy(parts: LambdaDoorParts, call: LambdaCall) {
  const { statements, revisionId } = layerPolicy(parts, call.account, layerName(call), pathNumber(call, "VersionNumber"));
  return { status: 200, body: { Policy: JSON.stringify(policyOf(statements)), RevisionId: revisionId } };
}

function addPermission(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const body = bodyOf(call);
  const [action, principal, sid] = [body.text("Action"), body.text("Principal"), body.text("StatementId")];
  new Constraints()
    .required("action", action)
    .required("principal", principal)
    .required("statementId", sid)
    .pattern("action", action, "lambda:GetLayerVersion", /^lambda:GetLayerVersion$/)
    .pattern(
      "principal",
      principal,
      "\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root",
      /^(\d{12}|\*|arn:aws[a-zA-Z-]*:iam::\d{12}:root)$/,
    )
    .length("statementId", sid, 1, 100)
    .pattern("statementId", sid, "([a-zA-Z0-9-_]+)", /^[a-zA-Z0-9-_]+$/)
    .length("organizationId", body.text("OrganizationId"), 0, 34)
    .pattern("organizationId", body.text("OrganizationId"), "o-[a-z0-9]{10,32}", /^o-[a-z0-9]{10,32}$/)
    .check();
  const name = layerName(call);
  const version = pathNumber(call, "VersionNumber");
  const organization = body.text("OrganizationId");
  const statement = {
    Sid: sid!,
    Effect: "Allow" as const,
    Principal: principal === "*" ? "*" : { AWS: /^\d{12}$/.test(principal!) ? `arn:aws:iam::${principal}:root` : principal },
    Action: action!,
    Resource: layerArn(account, name, version),
    ...(organization !== undefined && { Condition: { StringEquals: { "aws:PrincipalOrgID": organization } } }),
  };
  const layer = addLayerPermission(parts, account, name, version, { statement, revisionId: query.get("RevisionId") ?? undefined });
  return { status: 201, body: { Statement: JSON.stringify(statement), RevisionId: layer.policy!.revisionId } };
}

function removePermission(parts: LambdaDoorParts, call: LambdaCall) {
  const revisionId = call.query.get("RevisionId") ?? undefined;
  const sid = call.params["StatementId"]!;
  new Constraints()
    .length("statementId", sid, 1, 100)
    .pattern("statementId", sid, "([a-zA-Z0-9-_]+)", /^[a-zA-Z0-9-_]+$/)
    .check();
  removeLayerPermission(parts, call.account, layerName(call), pathNumber(call, "VersionNumber"), sid, revisionId);
  return { status: 204 };
}
