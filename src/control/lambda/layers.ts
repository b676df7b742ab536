/** Layers are zip files that functions share: a function's machines find their files in /opt. */
import { versionKey } from "../../store/lambda/lambda-store.ts";
import type { LayerRecord, Statement, ZipCode } from "../../store/lambda/records.ts";
import { AwsError, conflict, invalidValue, noSuchResource, notFound, wrongRevision } from "./aws-error.ts";
import { refuseUnreadable } from "./functions.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, layerArn, newRevisionId } from "./names.ts";
import { letsIn, tenantOfAccount } from "./other-accounts.ts";
import { refuseTooManyRecords } from "./room.ts";

type Parts = Pick<LambdaParts, "store" | "clock">;
type PublishParts = Parts & { catalog: Pick<LambdaParts["catalog"], "refuseMoreCode"> };

export interface NewLayer extends Pick<LayerRecord, "name" | "description" | "licenseInfo" | "runtimes" | "architectures"> {
  zip: Buffer;
}

/** Rejects with "no-room" if the tenant, or all tenants together, may have no more code. */
export async function publishLayer(parts: PublishParts, { tenant }: Account, { zip, ...made }: NewLayer): Promise<LayerRecord> {
  const { store, clock, catalog } = parts;
  refuseTooManyRecords(parts, tenant);
  await refuseUnreadable(zip);
  catalog.refuseMoreCode(tenant, made.name, zip.length);
  return store.zips.keep(zip, (code) => {
    const layer: LayerRecord = { ...made, version: store.nextLayerVersion(tenant, made.name), code, createdAt: clock.wall(), policy: null };
    store.layers.put(tenant, made.name, versionKey(layer.version), layer);
    return layer;
  });
}

function findLayer({ store }: Pick<Parts, "store">, { tenant }: Account, name: string, version: number): LayerRecord | undefined {
  if (version < 1) throw invalidValue("Layer Version Cannot be less than 1");
  return store.layers.get(tenant, name, versionKey(version));
}

export function requireLayer(parts: Pick<Parts, "store">, account: Account, name: string, version: number): LayerRecord {
  const layer = findLayer(parts, account, name, version);
  if (layer === undefined) throw noSuchResource();
  return layer;
}

/** Functions that use the layer keep it. Removing one that is not there changes nothing. */
export function deleteLayer(parts: Parts, account: Account, name: string, version: number): void {
  const layer = findLayer(parts, account, name, version);
  if (layer === undefined) return;
  parts.store.layers.remove(account.tenant, name, versionKey(version));
  parts.store.zips.release([layer.code]);
}

const MOST_LAYERS = 5;

interface LayerUser {
  account: Account;
  /** The principal's name. */
  user: string;
}

/** The layers that a function names by their ARNs. @param before those that it has already, which may be deleted by now */
export function layersOf(
  parts: Pick<LambdaParts, "store" | "catalog">,
  { account, user }: LayerUser,
  arns: string[],
  before: { arns: string[]; codes: ZipCode[] } = { arns: [], codes: [] },
): { shown: { Arn: string; CodeSize: number }[]; codes: ZipCode[] } {
  if (arns.length > MOST_LAYERS) throw invalidValue(`Cannot reference more than ${MOST_LAYERS} layers.`);
  const seen = new Map<string, string>();
  const codes = arns.map((arn) => {
    const { region, account: owner, name, version } = partsOfLayerArn(arn);
    if (region !== account.region)
      throw invalidValue(`Layers are not in the same region as the function. Layers are expected to be in region ${account.region}.`);
    const other = seen.get(name);
    if (other !== undefined)
      throw invalidValue(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    seen.set(name, arn);
    const kept = before.codes[before.arns.indexOf(arn)];
    const found = owner === account.account ? findLayer(parts, account, name, version) : layerOfOther(parts, account, arn);
    const code = kept ?? found?.code;
    if (code === undefined && owner !== account.account) throw noLayerAccess({ account, user }, arn);
    if (code === undefined) throw invalidValue(`Layer version ${arn} does not exist.`);
    return code;
  });
  return { shown: arns.map((arn, at) => ({ Arn: arn, CodeSize: codes[at]!.size })), codes };
}

/** Undefined if there is none, or its policy does not let the account in. */
function layerOfOther({ store, catalog }: Pick<LambdaParts, "store" | "catalog">, user: Account, arn: string): LayerRecord | undefined {
  const { region, account, name, version } = partsOfLayerArn(arn);
  const tenant = tenantOfAccount(catalog, account);
  const layer = tenant === undefined ? undefined : findLayer({ store }, { tenant, account, region }, name, version);
  return letsIn(layer?.policy?.statements ?? [], "GetLayerVersion", user.account) ? layer : undefined;
}

function noLayerAccess({ account, user }: LayerUser, arn: string): AwsError {
  return new AwsError(
    "AccessDeniedException",
    `User: arn:aws:iam::${account.account}:user/${user} is not authorized to perform: lambda:GetLayerVersion on resource: ${arn} because no resource-based policy allows the lambda:GetLayerVersion action`,
  );
}

export function partsOfLayerArn(arn: string): { region: string; account: string; name: string; version: number } {
  const [, , , region = "", account = "", , name = "", version = "0"] = arn.split(":");
  return { region, account, name, version: Number(version) };
}

export interface LayerPermission {
  statement: Statement;
  revisionId?: string | undefined;
}

export function addLayerPermission(
  parts: Parts,
  account: Account,
  name: string,
  version: number,
  { statement, revisionId }: LayerPermission,
): LayerRecord {
  const layer = requireForPolicy(parts, account, name, version);
  const statements = layer.policy?.statements ?? [];
  if (statements.some(({ Sid }) => Sid === statement.Sid)) throw statementExists(statement.Sid);
  if (revisionId !== undefined && revisionId !== layer.policy?.revisionId) throw wrongRevision("GetLayerPolicy");
  return changed(parts, account, layer, [...statements, statement]);
}

export function removeLayerPermission(
  parts: Parts,
  account: Account,
  name: string,
  version: number,
  sid: string,
  revisionId: string | undefined,
): void {
  const layer = requireForPolicy(parts, account, name, version);
  const statements = layer.policy?.statements ?? [];
  if (revisionId !== undefined && revisionId !== layer.policy?.revisionId) throw wrongRevision("GetLayerPolicy");
  if (!statements.some(({ Sid }) => Sid === sid)) throw noStatement(sid);
  changed(
    parts,
    account,
    layer,
    statements.filter(({ Sid }) => Sid !== sid),
  );
}

export function layerPolicy(parts: Parts, account: Account, name: string, version: number): NonNullable<LayerRecord["policy"]> {
  const { policy } = requireForPolicy(parts, account, name, version);
  if (policy === null || policy.statements.length === 0) throw notFound("No policy is associated with the given resource.");
  return policy;
}

function requireForPolicy(parts: Parts, account: Account, name: string, version: number): LayerRecord {
  const layer = findLayer(parts, account, name, version);
  if (layer === undefined) throw notFound(`Layer version ${layerArn(account, name, version)} does not exist.`);
  return layer;
}

function changed({ store }: Parts, { tenant }: Account, layer: LayerRecord, statements: Statement[]): LayerRecord {
  const next = { ...layer, policy: { statements, revisionId: newRevisionId() } };
  store.layers.put(tenant, layer.name, versionKey(layer.version), next);
  return next;
}

export function statementExists(sid: string): AwsError {
  return conflict(
    `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
  );
}

export function noStatement(sid: string): AwsError {
  return notFound(`Statement ${sid} is not found in resource policy.`);
}
