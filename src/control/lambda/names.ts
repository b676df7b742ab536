/** Names that the Lambda API gives to what it has: ARNs, ids of revisions, and the aliases of Mayfly that stand for versions and aliases. */
import { createHash, randomUUID } from "node:crypto";
import { mainTenant } from "../../base/ids/new-id.ts";
import { LIVE } from "../../store/catalog/catalog.ts";
import { LATEST } from "../../store/lambda/lambda-store.ts";

/** Whose functions a call is about, and for which region it was signed. All regions show the same functions. */
export interface Account {
  /** The tenant's id. */
  tenant: string;
  /** 12 digits. */
  account: string;
  region: string;
}

/** The account number of a tenant. That of `main` is made of zeros; that of another follows from its id. */
export function accountOf(tenant: string): string {
  if (tenant === mainTenant) return "0".repeat(12);
  const number = createHash("sha256").update(tenant).digest().readUIntBE(0, 6) % 1e12;
  return String(number).padStart(12, "0");
}

/** The rest of an ARN's partition: AWS has others for some of its regions. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export function functionArn({ account, region }: Account, name: string, qualifier?: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;
}

export function layerArn({ account, region }: Account, name: string, version?: number): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:layer:${name}${version === undefined ? "" : `:${version}`}`;
}

export function newRevisionId(): string {
  return randomUUID();
}

/** AWS names the exact build of its runtime. Here it says which name the function asked for. */
export function runtimeVersionArn(region: string, runtime: string): string {
  const digest = createHash("sha256").update(runtime).digest("hex");
  return `arn:${partitionOf(region)}:lambda:${region}::runtime:${digest}`;
}

const RESERVED = "lambda-";

/**
 * The alias of the app that stands for a qualifier of the Lambda API. Mayfly's alias `live` is Lambda's $LATEST, so that a Lambda alias of that name has another; a
 * version has an alias, too, which keeps its revision.
 */
export function aliasFor(qualifier: string): string {
  if (qualifier === LATEST) return LIVE;
  if (/^\d+$/.test(qualifier)) return `${RESERVED}version-${qualifier}`;
  return qualifier === LIVE || qualifier.startsWith(RESERVED) ? `${RESERVED}alias-${qualifier}` : qualifier;
}
