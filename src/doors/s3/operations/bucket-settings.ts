/** A bucket's settings: each is read, set and taken away by requests of its own. */
import type { Bucket, BucketSettings } from "../../../services/objects/object.ts";
import { aclOfHeaders, aclOfXml, isOwnersAlone, xmlOfAcl } from "../access/acl.ts";
import { aclOfBucket, admitAcl, ownership, publicAccessBlock } from "../access/authorize.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { type CorsRule, corsOfXml, xmlOfCors } from "../cors.ts";
import { encryptionOfXml, xmlOfEncryption } from "../encryption-xml.ts";
import { lifecycleOfXml, xmlOfLifecycle } from "../lifecycle-xml.ts";
import { documentOf as bodyOf } from "../request/body.ts";
import { checkedTags, lockMode } from "../request/object-headers.ts";
import { S3Error, type S3ErrorName } from "../s3-error.ts";
import { documentOf, type Element, parseXml, type Xml } from "../xml.ts";

const DAY_MS = 86_400_000;
/** As on AWS. */
const MOST_LOCK_DAYS = 36_500;
const MOST_LOCK_YEARS = 100;

interface Setting {
  /** The parameter of its requests. */
  query: string;
  /** As AWS names its operations, after Get, Put and Delete. */
  name: string;
  /** Of its document. */
  root: string;
  /** Undefined: it is not set. */
  show: (bucket: Bucket) => Xml | undefined;
  /** Left out: it is not set by a document alone. */
  read?: (root: Element, bucket: Bucket) => BucketSettings;
  /** What takes it away. Left out: nothing does. */
  none?: BucketSettings;
  /** The error if it is not set. */
  missing?: S3ErrorName;
  /** Of the answer to a request that sets it; left out: 200. */
  status?: number;
}

const settings: readonly Setting[] = [
  {
    query: "tagging",
    name: "BucketTagging",
    root: "Tagging",
    show: ({ settings: { tags } }) =>
      tags === undefined
        ? undefined
        : { TagSet: { Tag: Object.entries(tags as Record<string, string>).map(([Key, Value]) => ({ Key, Value })) } },
    read(root) {
      const pairs = (root.one("TagSet")?.all("Tag") ?? []).map((tag) => [tag.needed("Key"), tag.needed("Value")] as const);
      // No tags are the same as none that were ever set.
      return { tags: pairs.length === 0 ? null : checkedTags(pairs, 50) };
    },
    none: { tags: null },
    status: 204,
    missing: "NoSuchTagSet",
  },
  {
    query: "cors",
    name: "BucketCors",
    root: "CORSConfiguration",
    show: ({ settings: { cors } }) => (cors === undefined ? undefined : xmlOfCors(cors as CorsRule[])),
    read: (root) => ({ cors: corsOfXml(root) }),
    none: { cors: null },
    missing: "NoSuchCORSConfiguration",
  },
  {
    query: "lifecycle",
    name: "BucketLifecycleConfiguration",
    root: "LifecycleConfiguration",
    show: ({ settings: { lifecycle } }) => lifecycle && xmlOfLifecycle(lifecycle),
    read: (root) => ({ lifecycle: lifecycleOfXml(root) }),
    none: { lifecycle: null } as unknown as BucketSettings,
    missing: "NoSuchLifecycleConfiguration",
  },
  {
    query: "publicAccessBlock",
    name: "PublicAccessBlock",
    root: "PublicAccessBlockConfiguration",
    show: (bucket) => publicAccessBlock(bucket) && { ...publicAccessBlock(bucket)! },
    read(root) {
      const flag = (name: string) => root.text(name) === "true";
      return {
        publicAccessBlock: {
          BlockPublicAcls: flag("BlockPublicAcls"),
          IgnorePublicAcls: flag("IgnorePublicAcls"),
          BlockPublicPolicy: flag("BlockPublicPolicy"),
          RestrictPublicBuckets: flag("RestrictPublicBuckets"),
        },
      };
    },
    none: { publicAccessBlock: null },
    missing: "NoSuchPublicAccessBlockConfiguration",
  },
  {
    query: "ownershipControls",
    name: "BucketOwnershipControls",
    root: "OwnershipControls",
    show: (bucket) => ownership(bucket) && { Rule: { ObjectOwnership: ownership(bucket)! } },
    read(root, bucket) {
      const [rule, ...more] = root.all("Rule");
      const value = rule?.text("ObjectOwnership") ?? "";
      if (more.length > 0 || !["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"].includes(value))
        throw new S3Error("MalformedXML");
      // Whom the bucket's list lets in would be shut out without a word.
      if (value === "BucketOwnerEnforced" && ownership(bucket) !== value && !isOwnersAlone(aclOfBucket(bucket)))
        throw new S3Error("InvalidBucketAclWithObjectOwnership", { BucketName: bucket.name });
      return { ownership: value, isOwnershipDefault: null };
    },
    none: { ownership: null, isOwnershipDefault: null },
    missing: "OwnershipControlsNotFoundError",
  },
  {
    query: "object-lock",
    name: "ObjectLockConfiguration",
    root: "ObjectLockConfiguration",
    show({ settings: { lock } }) {
      if (lock === undefined) return undefined;
      const { defaultMode, defaultMs = 0, defaultYears } = lock;
      const time = defaultYears === undefined ? { Days: defaultMs / DAY_MS } : { Years: defaultYears };
      return { ObjectLockEnabled: "Enabled", Rule: defaultMode && { DefaultRetention: { Mode: defaultMode, ...time } } };
    },
    read(root, bucket) {
      if (bucket.versioning !== "enabled")
        throw new S3Error("InvalidBucketState", {}, "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
      const rule = root.one("Rule")?.one("DefaultRetention");
      if (root.text("ObjectLockEnabled") !== "Enabled") throw new S3Error("MalformedXML");
      if (rule === undefined) return { lock: {} };
      const [days, years, mode] = [rule.number("Days"), rule.number("Years"), rule.needed("Mode")];
      if ((days === undefined) === (years === undefined) || (mode !== "GOVERNANCE" && mode !== "COMPLIANCE"))
        throw new S3Error("MalformedXML");
      if ((days ?? years!) <= 0) throw new S3Error("InvalidArgument", {}, "Default retention period must be a positive integer value.");
      if ((days ?? 0) > MOST_LOCK_DAYS || (years ?? 0) > MOST_LOCK_YEARS)
        throw new S3Error(
          "InvalidArgument",
          {},
          `Default retention period must be at most ${MOST_LOCK_DAYS} days or ${MOST_LOCK_YEARS} years.`,
        );
      const defaultMs = (days ?? years! * 365) * DAY_MS;
      return { lock: { defaultMode: lockMode(mode), defaultMs, ...(years !== undefined && { defaultYears: years }) } };
    },
    missing: "ObjectLockConfigurationNotFoundError",
  },
  {
    query: "encryption",
    name: "BucketEncryption",
    root: "ServerSideEncryptionConfiguration",
    show: ({ settings: { encryption } }) => encryption && xmlOfEncryption(encryption),
    read: (root, { settings: { encryption } }) => ({ encryption: encryptionOfXml(root, encryption) }),
    none: { encryption: null } as unknown as BucketSettings,
    missing: "ServerSideEncryptionConfigurationNotFoundError",
  },
  { query: "requestPayment", name: "BucketRequestPayment", root: "RequestPaymentConfiguration", show: () => ({ Payer: "BucketOwner" }) },
  {
    query: "logging",
    name: "BucketLogging",
    root: "BucketLoggingStatus",
    show: () => ({}),
    // That there are to be no logs is true already.
    read(root) {
      if (root.has("LoggingEnabled")) throw new S3Error("NotImplemented");
      return {};
    },
  },
  ...(
    [
      ["website", "BucketWebsite", "WebsiteConfiguration", "NoSuchWebsiteConfiguration"],
      ["replication", "BucketReplication", "ReplicationConfiguration", "ReplicationConfigurationNotFoundError"],
    ] as const
  ).map(([query, name, root, missing]): Setting => ({ query, name, root, show: () => undefined, none: {}, missing })),
  { query: "accelerate", name: "BucketAccelerateConfiguration", root: "AccelerateConfiguration", show: () => ({}) },
];

export const bucketSettingOperations: readonly S3Operation[] = [
  ...settings.flatMap((setting) => operationsOf(setting)),
  {
    operation: "GetBucketVersioning",
    method: "GET",
    level: "bucket",
    query: "versioning",
    right: "read",
    async handle({ bucket: { versioning } }) {
      const status = { off: undefined, enabled: "Enabled", suspended: "Suspended" }[versioning];
      return { body: documentOf("VersioningConfiguration", { Status: status }) };
    },
  },
  {
    operation: "PutBucketVersioning",
    method: "PUT",
    level: "bucket",
    query: "versioning",
    right: "deploy",
    async handle(call) {
      const status = parseXml(await bodyOf(call), "VersioningConfiguration").text("Status");
      if (status === undefined) throw new S3Error("IllegalVersioningConfigurationException");
      if (status !== "Enabled" && status !== "Suspended") throw new S3Error("MalformedXML");
      if (status === "Suspended" && call.bucket.settings.lock !== undefined)
        throw new S3Error(
          "InvalidBucketState",
          {},
          "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        );
      await call.objects.setBucket(call.name, {}, status === "Enabled" ? "enabled" : "suspended");
      return {};
    },
  },
  {
    operation: "GetBucketAcl",
    method: "GET",
    level: "bucket",
    query: "acl",
    right: "read",
    others: "READ_ACP",
    handle: async ({ bucket }) => ({ body: documentOf("AccessControlPolicy", xmlOfAcl(aclOfBucket(bucket))) }),
  },
  {
    operation: "PutBucketAcl",
    method: "PUT",
    level: "bucket",
    query: "acl",
    right: "deploy",
    others: "WRITE_ACP",
    async handle(call) {
      const { bucket, headers, objects, name } = call;
      const { tenant } = bucket;
      const ofHeaders = aclOfHeaders(headers, tenant, tenant);
      const bytes = await bodyOf(call);
      if (ofHeaders !== undefined && bytes.length > 0) throw new S3Error("UnexpectedContent");
      if (ofHeaders === undefined && bytes.length === 0) throw new S3Error("MissingSecurityHeader", { MissingHeaderName: "x-amz-acl" });
      const acl = ofHeaders ?? aclOfXml(parseXml(bytes, "AccessControlPolicy"), tenant);
      await admitAcl(call, acl);
      await objects.setBucket(name, { acl });
      return {};
    },
  },
];

function operationsOf({ query, name, root, show, read, none, missing, status }: Setting): S3Operation[] {
  const get: S3Operation = {
    operation: `Get${name}`,
    method: "GET",
    level: "bucket",
    query,
    right: "read",
    async handle({ bucket }) {
      const shown = show(bucket);
      if (shown === undefined) throw new S3Error(missing!, { BucketName: bucket.name });
      return { body: documentOf(root, shown) };
    },
  };
  const put: S3Operation = {
    operation: `Put${name}`,
    method: "PUT",
    level: "bucket",
    query,
    right: "deploy",
    async handle(call): Promise<S3Answer> {
      const bytes = await bodyOf(call);
      await call.objects.setBucket(call.name, read!(parseXml(bytes, root), call.bucket));
      return status === undefined ? {} : { status };
    },
  };
  const remove: S3Operation = {
    operation: `Delete${name}`,
    method: "DELETE",
    level: "bucket",
    query,
    right: "deploy",
    async handle(call: S3Call) {
      await call.objects.setBucket(call.name, none!);
      return { status: 204 };
    },
  };
  return [get, ...(read === undefined ? [] : [put]), ...(none === undefined ? [] : [remove])];
}
