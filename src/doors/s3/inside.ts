/**
 * S3's protocol for functions, at http://s3.services.mayfly.internal. The host knows the app by the machine, so that signatures are not looked at: a function reaches the buckets that the
 * bindings of its revision name.
 */
import type { Shares } from "../../control/shares.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { Principal } from "../../store/principals/principal.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { type BoundBuckets, boundBuckets } from "./bound-buckets.ts";
import { boundObjects } from "./bound-objects.ts";
import type { S3Operation } from "./call.ts";
import type { S3Door } from "./door.ts";

export function createInsideS3(objects: Objects, door: Pick<S3Door, "answer">, shares: Pick<Shares, "bucket">): ServiceDoor {
  return {
    async answer(caller, request, response) {
      const { tenant, app, appName } = caller;
      const buckets = boundBuckets(shares, caller);
      const principal: Principal = { id: app, name: appName, role: "deployer", tenant, apps: null };
      await door.answer(request, response, {
        caller: { principal, tenant },
        objects: boundObjects(objects, tenant, buckets),
        admits: (bucket, operation) => admits(buckets, bucket, operation),
      });
    },
  };
}

/** Of a bucket that another app shares, a function reaches the objects. The bucket's settings are its owner's alone, to read, too. */
function admits(buckets: BoundBuckets, name: string, { level, isOfContent, right }: S3Operation): boolean {
  if (level === "service") return true;
  const found = buckets.find(name);
  // It was taken back since the bucket was looked up.
  if (found === undefined) return false;
  if (found.shared === undefined) return true;
  return (level === "object" || isOfContent === true) && (right === "read" || found.shared === "write");
}
