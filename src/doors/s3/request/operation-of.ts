import type { Headers } from "../../signature/read-signature.ts";
import type { S3Operation } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import type { Address } from "./address.ts";

/** Parameters that name a part of a bucket or object which has operations of its own on AWS. Where they are not here, the request is refused, not taken for another one. */
const subresources = new Set(
  (
    "accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location logging metrics notification object-lock " +
    "ownershipControls partNumber policy policyStatus publicAccessBlock replication requestPayment restore retention select tagging torrent uploadId uploads versioning versions website"
  ).split(" "),
);

export function isSubresource(name: string): boolean {
  return subresources.has(name);
}

/** Throws "NotImplemented" or "MethodNotAllowed". */
export function operationOf(
  operations: readonly S3Operation[],
  method: string,
  { bucket, key, query }: Address,
  headers: Headers,
): S3Operation {
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const asked = [...query.keys()].filter((name) => subresources.has(name));
  const fitting = operations.filter(
    (each) =>
      each.level === level &&
      each.method === method &&
      (each.query === undefined ? asked.every((name) => isBeside(method, name)) : query.has(each.query)) &&
      (each.header === undefined || headers[each.header] !== undefined),
  );
  // The one that asks for the most.
  const [best] = fitting.toSorted((a, b) => wanted(b) - wanted(a));
  if (best !== undefined) return best;
  if (asked.length > 0) throw new S3Error("NotImplemented");
  throw new S3Error("MethodNotAllowed", { Method: method.slice(0, 20), ResourceType: level.toUpperCase() });
}

/** A part of an object may be read by its number. */
function isBeside(method: string, name: string): boolean {
  return name === "partNumber" && (method === "GET" || method === "HEAD");
}

function wanted({ query, header }: S3Operation): number {
  return Number(query !== undefined) + Number(header !== undefined);
}
