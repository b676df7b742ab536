import type { Headers } from "../../signature/read-signature.ts";
import type { S3Operation } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import type { Address } from "./address.ts";
import { isSubresource } from "./subresources.ts";

/** Throws "NotImplemented" or "MethodNotAllowed". */
export function operationOf(
  operations: readonly S3Operation[],
  method: string,
  { bucket, key, query }: Address,
  headers: Headers,
): S3Operation {
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const asked = [...query.keys()].filter((name) => isSubresource(name));
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
