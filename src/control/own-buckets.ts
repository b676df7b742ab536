/**
 * The buckets that an app's manifest names. Names of buckets are unique on the server, and each app may have one of the same name, so that its own buckets have others there:
 * the name, and what follows from the app's id.
 */
import { createHash } from "node:crypto";
import { MayflyError } from "../base/errors/error.ts";
import type { Objects } from "../services/objects/objects.ts";

const REGION = "us-east-1";
/** Hexadecimal digits of the app's. */
const DIGITS = 12;

/** The name on the server. @param app its id */
export function ownBucketName(app: string, name: string): string {
  return `${name}-${createHash("sha256").update(`bucket ${app}`).digest("hex").slice(0, DIGITS)}`;
}

/** Returns the name on the server. A bucket is made when it is first needed. Rejects with "no-such-bucket" if somebody else has guessed its name, and with "object-storage-full". */
export async function ownBucket(
  objects: Pick<Objects, "bucket" | "createBucket">,
  { tenant, app }: { tenant: string; app: string },
  name: string,
): Promise<string> {
  const own = ownBucketName(app, name);
  if ((await objects.bucket(own)) !== null) return own;
  const settings = { ownership: "BucketOwnerEnforced", app };
  const { bucket } = await objects.createBucket({ name: own, tenant, region: REGION, isLocked: false, settings });
  if (bucket.tenant !== tenant) throw new MayflyError("no-such-bucket", { name });
  return own;
}
