import { isBucketName } from "../request/address.ts";
import { aclOfHeaders, isOwnersAlone, ownerXml } from "../access/acl.ts";

import type { S3Operation } from "../call.ts";
import { checkedTags } from "../request/object-headers.ts";
import { documentOf as bodyOf } from "../request/body.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, parseXml } from "../xml.ts";

const MOST_LISTED = 10_000;
const DEFAULT_REGION = "us-east-1";

export const bucketOperations: readonly S3Operation[] = [
  {
    operation: "ListBuckets",
    method: "GET",
    level: "service",
    right: "read",
    async handle({ objects, caller, query }) {
      const { tenant } = caller!;
      const most = mostOf(query.get("max-buckets"));
      const token = query.get("continuation-token");
      const after = token === null ? "" : Buffer.from(token, "base64url").toString();
      const page = { prefix: query.get("prefix") ?? "", after, region: query.get("bucket-region") ?? undefined, most: most + 1 };
      const found = await objects.buckets(tenant, page);
      const shown = found.slice(0, most);
      const next = found.length > most ? Buffer.from(shown.at(-1)!.name).toString("base64url") : undefined;
      const isPaged = query.has("max-buckets") || query.has("bucket-region") || query.has("prefix") || token !== null;
      const body = documentOf("ListAllMyBucketsResult", {
        Owner: ownerXml(tenant),
        Buckets: {
          Bucket: shown.map(({ name, createdAt, region }) => ({
            Name: name,
            CreationDate: new Date(createdAt).toISOString(),
            BucketRegion: isPaged ? region : undefined,
            BucketArn: isPaged ? arnOf(name) : undefined,
          })),
        },
        ContinuationToken: next,
        Prefix: query.get("prefix") ?? undefined,
      });
      return { body };
    },
  },
  {
    operation: "CreateBucket",
    method: "PUT",
    level: "bucket",
    right: "deploy",
    isFree: true,
    async handle(call) {
      const { objects, caller, headers, name } = call;
      if (!isBucketName(name)) throw new S3Error("InvalidBucketName", { BucketName: name.slice(0, 100) });
      const bytes = await bodyOf(call);
      const root = bytes.length === 0 ? undefined : parseXml(bytes, "CreateBucketConfiguration");
      const region = regionOf(root?.text("LocationConstraint"), call.region);
      const { tenant } = caller!;
      const acl = aclOfHeaders(headers, tenant, tenant);
      const tags = root
        ?.one("Tags")
        ?.all("Tag")
        .map((tag) => [tag.needed("Key"), tag.needed("Value")] as const);
      const isEu = root?.text("LocationConstraint") === "EU";
      const ownership = ownershipAsked(headers["x-amz-object-ownership"]);
      const hasList = acl !== undefined && !isOwnersAlone(acl);
      if (hasList && ownership === "BucketOwnerEnforced") throw new S3Error("InvalidBucketAclWithObjectOwnership", { BucketName: name });
      const settings = {
        // As on AWS since 2023, lists count for nothing unless the bucket's owner asks for them.
        ownership: ownership ?? (hasList ? "ObjectWriter" : "BucketOwnerEnforced"),
        ...(ownership === undefined && !hasList && { isOwnershipDefault: true }),
        // A region's first name is shown where it was given.
        ...(isEu && { location: "EU" }),
        ...(acl !== undefined && { acl }),
        ...(tags !== undefined && { tags: checkedTags(tags, 50) }),
      };
      const isLocked = headers["x-amz-bucket-object-lock-enabled"]?.toLowerCase() === "true";
      const { bucket, isNew } = await objects.createBucket({ name, tenant, region, isLocked, settings });
      if (!isNew && bucket.tenant !== tenant) throw new S3Error("BucketAlreadyExists", { BucketName: name });
      // AWS lets it pass in its first region only, and never if it names tags.
      if (!isNew && (region !== DEFAULT_REGION || (tags ?? []).length > 0))
        throw new S3Error("BucketAlreadyOwnedByYou", { BucketName: name });
      if (!isNew && acl !== undefined) await objects.setBucket(name, { acl });
      const location = region === DEFAULT_REGION ? `/${name}` : `${call.origin}/${name}`;
      return { headers: { location, "x-amz-bucket-arn": arnOf(name) } };
    },
  },
  {
    operation: "HeadBucket",
    method: "HEAD",
    isOfContent: true,
    level: "bucket",
    right: "read",
    others: "READ",
    handle: async ({ bucket, name }) => ({
      headers: {
        "content-type": "application/xml",
        "x-amz-bucket-arn": arnOf(name),
        "x-amz-bucket-region": bucket.region,
        "x-amz-access-point-alias": "false",
      },
    }),
  },
  {
    operation: "DeleteBucket",
    method: "DELETE",
    level: "bucket",
    right: "deploy",
    async handle({ objects, name, bucket }) {
      if (bucket.settings.app !== undefined) throw new S3Error("AccessDenied", {}, "The bucket belongs to an app, and goes with it.");
      await objects.removeBucket(name);
      return { status: 204 };
    },
  },
  {
    operation: "GetBucketLocation",
    method: "GET",
    level: "bucket",
    query: "location",
    right: "read",
    handle: async ({ bucket }) => ({
      body: documentOf(
        "LocationConstraint",
        bucket.region === DEFAULT_REGION ? undefined : ((bucket.settings["location"] as string | undefined) ?? bucket.region),
      ),
    }),
  },
];

function arnOf(name: string): string {
  return `arn:aws:s3:::${name}`;
}

function ownershipAsked(text: string | undefined): string | undefined {
  if (text === undefined || ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"].includes(text)) return text;
  const name = "x-amz-object-ownership";
  throw new S3Error("InvalidArgument", { ArgumentName: name }, `Invalid ${name} header: ${text.slice(0, 100)}`);
}

function mostOf(text: string | null): number {
  if (text === null) return MOST_LISTED;
  const most = Number(text);
  if (!/^\d{1,6}$/.test(text) || most < 1 || most > MOST_LISTED)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "max-buckets", ArgumentValue: text.slice(0, 50) },
      "max-buckets must be an integer between 1 and 10000",
    );
  return most;
}

/** @param asked LocationConstraint @param signed the region for which the request was signed */
function regionOf(asked: string | undefined, signed: string): string {
  if (asked === undefined || asked === "") return signed;
  const region = asked === "EU" ? "eu-west-1" : asked;
  if (signed !== DEFAULT_REGION && region !== signed)
    throw new S3Error(
      "IllegalLocationConstraintException",
      {},
      `The ${asked.slice(0, 100)} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  if (!/^(?:EU|[a-z]{2}(?:-[a-z]+)+-\d)$/.test(asked))
    throw new S3Error("InvalidLocationConstraint", { LocationConstraint: asked.slice(0, 100) });
  return region;
}
