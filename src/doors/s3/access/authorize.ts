/**
 * Who may do what: a principal what its role allows in its tenant's buckets, everybody else what access control lists and the bucket's policy grant. What the policy
 * denies nobody may do, but for its own principals who change the policy: a bucket cannot be shut for good.
 */
import { accountOf } from "../../../control/lambda/names.ts";
import type { Bucket, ObjectVersion, Tags } from "../../../services/objects/object.ts";
import { may } from "../../../store/principals/rights.ts";
import type { S3Call, S3Operation } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import { type Acl, grants, isOwnersAlone, isPublic, ownAcl, type Permission } from "./acl.ts";
import { askedOf } from "./policy/asked.ts";
import { decide, isPublicPolicy, type Policy, readPolicy } from "./policy/policy.ts";

type Asked = Omit<S3Call, "objects" | "request">;

/** Throws "AccessDenied". */
export function authorize(call: Asked, { right, others, level, isFree = false, operation }: S3Operation): void {
  const { caller, bucket } = call;
  if (level === "service" || isFree) {
    if (caller === null || !may(caller.principal, right, { tenant: caller.tenant, app: null })) throw new S3Error("AccessDenied");
    return;
  }
  refuseOwner(call.headers["x-amz-expected-bucket-owner"], bucket);
  const isOfPolicy = /^(?:Get|Put|Delete)BucketPolicy$/.test(operation);
  // What it says of an object's tags is asked once the object is known.
  const said = others === "object" && isWithTags(bucket) ? "nothing" : policySays(call);
  if (isOwn(call)) {
    if (!may(caller!.principal, right, { tenant: bucket.tenant, app: null })) throw new S3Error("AccessDenied");
    if (said === "deny" && !isOfPolicy) throw new S3Error("AccessDenied");
    return;
  }
  if (said === "deny") throw new S3Error("AccessDenied");
  if (said === "allow") return;
  if (others === undefined) throw new S3Error("AccessDenied");
  if (others !== "object" && !isGranted(call, aclOfBucket(bucket), others)) throw new S3Error("AccessDenied");
}

/** A client may name the account whose the bucket must be. Throws. */
function refuseOwner(expected: string | undefined, bucket: Bucket): void {
  if (expected === undefined) return;
  if (!/^\d{12}$/.test(expected))
    throw new S3Error(
      "InvalidBucketOwnerAWSAccountID",
      {},
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected.slice(0, 100)}]`,
    );
  if (expected !== accountOf(bucket.tenant)) throw new S3Error("AccessDenied");
}

function isOwn({ caller, bucket }: Pick<Asked, "caller" | "bucket">): boolean {
  return caller !== null && caller.tenant === bucket.tenant;
}

/** Throws "AccessDenied" if neither the object's list nor the bucket's policy lets the caller in. @param wanted null: no list is about it */
export function authorizeObject(call: Asked, found: Pick<ObjectVersion, "about">, wanted: Permission | null): void {
  const said = policySays(call, found.about.tags);
  if (said === "deny") throw new S3Error("AccessDenied");
  const isOfBucket = wanted === null || isOfBucketsOwner(call.bucket, found);
  if (isOfBucket && (said === "allow" || isOwn(call))) return;
  if (wanted === null || !isGranted(call, aclOfObject(found), wanted)) throw new S3Error("AccessDenied");
}

/** Where lists count, an object is whose who wrote it: the bucket's owner may remove it, but its content and its list are for whom its writer lets in. */
function isOfBucketsOwner(bucket: Bucket, { about }: Pick<ObjectVersion, "about">): boolean {
  return ownership(bucket) === "BucketOwnerEnforced" || about.owner === bucket.tenant;
}

/** Throws "AccessDenied" unless the caller began the upload, is of the bucket's own tenant, or the bucket's policy lets it in. */
export function authorizeUpload(call: Asked, initiator: string): void {
  if ((call.caller?.tenant ?? "") !== initiator && !mayAlso(call, call.operation)) throw new S3Error("AccessDenied");
}

/**
 * Whether the caller may do something besides what it asked for, which no list grants: the bucket's own principals unless the policy denies it, and others if it allows it.
 * @param operation such as BypassGovernanceRetention
 */
export function mayAlso(call: Asked, operation: string): boolean {
  const said = policySays({ ...call, operation });
  return said === "allow" || (said === "nothing" && isOwn(call));
}

/** Whether the bucket's policy denies something that is done besides what was asked for. */
export function isDeniedBesides(call: Asked, operation: string): boolean {
  return policySays({ ...call, operation }) === "deny";
}

/** Whether the caller may know what is not in the bucket. */
export function mayList(call: Asked): boolean {
  return (
    isOwn(call) ||
    policySays({ ...call, operation: "ListObjects", key: "" }) === "allow" ||
    isGranted(call, aclOfBucket(call.bucket), "READ")
  );
}

/** Policies that were read, by the settings that hold their text. */
const read = new WeakMap<Bucket["settings"], Policy>();

export function policyOf({ name, nameInPolicy = name, settings }: Bucket): Policy | undefined {
  const text = settings["policy"] as string | undefined;
  if (text === undefined) return undefined;
  const known = read.get(settings);
  if (known !== undefined) return known;
  const policy = readPolicy(text, nameInPolicy);
  read.set(settings, policy);
  return policy;
}

function isWithTags({ settings }: Bucket): boolean {
  return /existingobjecttag/i.test((settings["policy"] as string | undefined) ?? "");
}

function policySays(call: Asked, tags?: Tags): "allow" | "deny" | "nothing" {
  const policy = policyOf(call.bucket);
  if (policy === undefined) return "nothing";
  const said = decide(policy, askedOf({ ...call, name: call.bucket.nameInPolicy ?? call.name }, tags));
  const isShut = publicAccessBlock(call.bucket)?.RestrictPublicBuckets === true && isPublicPolicy(policy);
  return said === "allow" && isShut && !isOwn(call) ? "nothing" : said;
}

export function aclOfBucket({ tenant, settings }: Bucket): Acl {
  return (settings["acl"] as Acl | undefined) ?? ownAcl(tenant);
}

export function aclOfObject({ about }: Pick<ObjectVersion, "about">): Acl {
  return (about.acl as Acl | undefined) ?? ownAcl(about.owner);
}

/** What of public access a bucket's owner has switched off. */
export interface PublicAccessBlock {
  BlockPublicAcls: boolean;
  IgnorePublicAcls: boolean;
  BlockPublicPolicy: boolean;
  RestrictPublicBuckets: boolean;
}

export function publicAccessBlock({ settings }: Bucket): PublicAccessBlock | undefined {
  return settings["publicAccessBlock"] as PublicAccessBlock | undefined;
}

function isGranted({ caller, bucket }: Pick<Asked, "caller" | "bucket">, acl: Acl, wanted: Permission): boolean {
  if (ownership(bucket) === "BucketOwnerEnforced") return false;
  if (publicAccessBlock(bucket)?.IgnorePublicAcls === true && isPublic(acl)) return false;
  return grants(acl, caller?.tenant ?? null, wanted);
}

/**
 * Throws if the bucket takes no such list. As on AWS, lists count for nothing in a new bucket; where nobody has chosen its ownership, the first list that one of its own
 * principals sets is the wish that they count.
 */
export async function admitAcl(call: Pick<S3Call, "bucket" | "caller" | "objects">, acl: Acl | undefined): Promise<void> {
  const { bucket, objects } = call;
  if (acl === undefined) return;
  if (publicAccessBlock(bucket)?.BlockPublicAcls === true && isPublic(acl)) throw new S3Error("AccessDenied");
  if (ownership(bucket) !== "BucketOwnerEnforced" || isOwnersAlone(acl)) return;
  if (bucket.settings["isOwnershipDefault"] !== true || !isOwn(call)) throw new S3Error("AccessControlListNotSupported");
  await objects.setBucket(bucket.name, { ownership: "ObjectWriter", isOwnershipDefault: null });
}

export function isPublicBucket(bucket: Bucket): boolean {
  const policy = policyOf(bucket);
  if (policy !== undefined && isPublicPolicy(policy)) return true;
  const counts = ownership(bucket) !== "BucketOwnerEnforced" && publicAccessBlock(bucket)?.IgnorePublicAcls !== true;
  return counts && isPublic(aclOfBucket(bucket));
}

export function ownership({ settings }: Bucket): string | undefined {
  return settings["ownership"] as string | undefined;
}
