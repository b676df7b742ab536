/**
 * What is asked of a policy that is set, besides what is asked of one that is read. It is not asked of stored ones: those that an older version of Mayfly took go on to
 * count as they are.
 */
import { S3Error } from "../../s3-error.ts";
import { isSecret } from "./conditions.ts";
import { type Policy, readPolicy } from "./policy.ts";

const versions = new Set([undefined, "2008-10-17", "2012-10-17"]);

/** All that AWS's policies of buckets may name, also what there is not here: a policy moves from there. */
const ofBuckets = new Set(
  (
    "CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration " +
    "GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls " +
    "GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration " +
    "GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions " +
    "ListTagsForResource PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration " +
    "PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration " +
    "PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource " +
    "UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration"
  )
    .toLowerCase()
    .split(" "),
);
const ofObjects = new Set(
  (
    "AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold " +
    "GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent " +
    "InitiateReplication ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl " +
    "PutObjectVersionTagging RenameObject ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption"
  )
    .toLowerCase()
    .split(" "),
);

/** Throws "MalformedPolicy". @param bucket whose policy it is to be */
export function newPolicy(text: string, bucket: string): Policy {
  const policy = readPolicy(text, bucket);
  const { Version } = JSON.parse(text) as { Version?: string };
  if (!versions.has(Version)) throw malformed("The policy must contain a valid version string");
  if (policy.statements.some(({ conditions }) => Object.values(conditions).some((wanted) => Object.keys(wanted).some(isSecret))))
    throw malformed("Policy has an invalid condition key");
  for (const { actions, isNotActions, resources, isNotResources } of policy.statements)
    for (const action of actions) {
      const [isOfBuckets, isOfObjects] = [ofBuckets, ofObjects].map((all) => isOf(action, all));
      if (isOfBuckets === false && isOfObjects === false) throw malformed("Policy has invalid action");
      if (isNotActions || isNotResources) continue;
      // A statement that never says anything about anything is a slip: who wrote it thinks that it protects, or lets in.
      if (!resources.some((resource) => (isOfBuckets! && maybeBucket(resource)) || (isOfObjects! && maybeObject(resource))))
        throw malformed("Action does not apply to any resource(s) in statement");
    }
  return policy;
}

/** A pattern may be about both. */
function isOf(action: string, all: ReadonlySet<string>): boolean {
  return /[*?]/.test(action) || all.has(action.slice("s3:".length).toLowerCase());
}

function maybeBucket(resource: string): boolean {
  return !resource.includes("/");
}

function maybeObject(resource: string): boolean {
  return /[/*?]/.test(resource);
}

function malformed(message: string): S3Error {
  return new S3Error("MalformedPolicy", {}, message);
}
