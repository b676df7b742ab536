/** A bucket's policy: kept and shown as it was sent. */
import { isPublicBucket, publicAccessBlock } from "../access/authorize.ts";
import { newPolicy } from "../access/policy/new-policy.ts";
import { isPublicPolicy } from "../access/policy/policy.ts";
import type { S3Operation } from "../call.ts";
import { documentOf as bodyOf } from "../request/body.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf } from "../xml.ts";

const level = "bucket";

export const bucketPolicyOperations: readonly S3Operation[] = [
  {
    operation: "GetBucketPolicy",
    method: "GET",
    level,
    query: "policy",
    right: "read",
    async handle({ bucket }) {
      const policy = bucket.settings["policy"] as string | undefined;
      if (policy === undefined) throw new S3Error("NoSuchBucketPolicy", { BucketName: bucket.name });
      return { headers: { "content-type": "application/json" }, body: Buffer.from(policy) };
    },
  },
  {
    operation: "GetBucketPolicyStatus",
    method: "GET",
    level,
    query: "policyStatus",
    right: "read",
    async handle({ bucket }) {
      return { body: documentOf("PolicyStatus", { IsPublic: isPublicBucket(bucket) }) };
    },
  },
  {
    operation: "PutBucketPolicy",
    method: "PUT",
    level,
    query: "policy",
    right: "deploy",
    async handle(call) {
      const { objects, bucket, name } = call;
      const policy = (await bodyOf(call)).toString("utf8");
      if (isPublicPolicy(newPolicy(policy, name)) && publicAccessBlock(bucket)?.BlockPublicPolicy === true)
        throw new S3Error("AccessDenied");
      await objects.setBucket(name, { policy });
      return { status: 204 };
    },
  },
  {
    operation: "DeleteBucketPolicy",
    method: "DELETE",
    level,
    query: "policy",
    right: "deploy",
    async handle({ objects, name }) {
      await objects.setBucket(name, { policy: null });
      return { status: 204 };
    },
  },
];
