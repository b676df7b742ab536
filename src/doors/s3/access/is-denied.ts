import type { Author, Bucket } from "../../../services/objects/object.ts";
import type { Caller } from "../call.ts";
import { policyOf } from "./authorize.ts";
import { askedOf } from "./policy/asked.ts";
import { decide } from "./policy/policy.ts";

/** What somebody does to a bucket by another way than S3's protocol. */
interface Done {
  caller: Caller;
  bucket: Bucket;
  /** AWS's name of what is done. */
  operation: string;
  /** Empty: it is done to the bucket. */
  key: string;
  /** The id of the version that is named; undefined: none is. */
  version?: string | undefined;
  author: Author;
  now: number;
}

/** Whether the bucket's policy denies it. */
export function isDenied({ bucket, version, ...done }: Done): boolean {
  const policy = policyOf(bucket);
  if (policy === undefined) return false;
  const request = {
    name: bucket.name,
    query: new URLSearchParams(version === undefined ? {} : { versionId: version }),
    headers: {},
    origin: "",
    isPresigned: false,
  };
  return decide(policy, askedOf({ ...done, ...request })) === "deny";
}
