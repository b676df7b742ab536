/** The buckets that one app reaches, by the names that its bindings have for them. A bucket is made at its first use. Whether another app shares it is asked with every call. */
import { MayflyError } from "../../base/errors/error.ts";
import { ownBucket } from "../../control/own-buckets.ts";
import type { Bucket } from "../../services/objects/object.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { BoundBucket, BoundBuckets } from "./bound-buckets.ts";
import { S3Error } from "./s3-error.ts";

/** @param tenant its id */
export function boundObjects(objects: Objects, tenant: string, buckets: BoundBuckets): Objects {
  /** Rejects with "no-such-bucket": what is not shared is told of no otherwise than what there is not. */
  const found = async (name: string): Promise<[BoundBucket, real: string]> => {
    const bound = buckets.find(name);
    if (bound === undefined) throw new MayflyError("no-such-bucket", { name });
    return [bound, await ownBucket(objects, { tenant, app: bound.app }, bound.name)];
  };
  const real = async (name: string): Promise<string> => (await found(name))[1];
  /** Of a bucket whose content is changed. Rejects with "AccessDenied", too. */
  const changed = async (name: string): Promise<string> => {
    const [{ shared }, own] = await found(name);
    if (shared === "read") throw new S3Error("AccessDenied");
    return own;
  };
  /** Of a bucket whose settings are changed. */
  const owned = async (name: string): Promise<string> => {
    const [{ shared }, own] = await found(name);
    if (shared !== undefined) throw new S3Error("AccessDenied");
    return own;
  };
  const within = async <T extends { bucket: string }>(asked: T): Promise<T> => ({ ...asked, bucket: await real(asked.bucket) });
  const changing = async <T extends { bucket: string }>(asked: T): Promise<T> => ({ ...asked, bucket: await changed(asked.bucket) });
  const bucket = async (name: string): Promise<Bucket | null> => {
    const bound = buckets.find(name);
    const known = bound === undefined ? null : await objects.bucket(await real(name));
    // What the policy denies the functions of the owner, it denies those of others.
    return known && { ...known, name, ...(bound?.shared !== undefined && { nameInPolicy: bound.name }) };
  };
  return {
    ...objects,
    // They are made and removed by what the app's manifest says.
    createBucket: () => Promise.reject(new S3Error("AccessDenied")),
    removeBucket: () => Promise.reject(new S3Error("AccessDenied")),
    removeOf: () => Promise.reject(new S3Error("AccessDenied")),
    removeOfApps: () => Promise.reject(new S3Error("AccessDenied")),
    bucket,
    buckets: async (_tenant, { prefix, after, most }) => {
      const wanted = buckets.names.filter((name) => name.startsWith(prefix) && name > after && buckets.find(name) !== undefined);
      const listed = await Promise.all(wanted.toSorted().slice(0, most).map(bucket));
      return listed.filter((each) => each !== null);
    },
    inBucket: async (name) => objects.inBucket(await real(name)),
    setBucket: async (name, ...rest) => objects.setBucket(await owned(name), ...rest),
    put: async (object, source) => objects.put(await changing(object), source),
    head: async (name, ...rest) => objects.head(await real(name), ...rest),
    versionAt: async (name, seq) => objects.versionAt(await real(name), seq),
    read: async (name, ...rest) => objects.read(await real(name), ...rest),
    copy: async (from, object) => objects.copy(from, await changing(object)),
    remove: async (removal) => objects.remove(await changing(removal)),
    change: async (asked) => objects.change(await changing(asked)),
    list: async (query) => objects.list(await within(query)),
    listVersions: async (query) => objects.listVersions(await within(query)),
    startUpload: async (name, ...rest) => objects.startUpload(await changed(name), ...rest),
    upload: async (name, ...rest) => objects.upload(await real(name), ...rest),
    putPart: async (part, source) => objects.putPart(await changing(part), source),
    copyPart: async (from, part) => objects.copyPart(from, await changing(part)),
    listParts: async (name, ...rest) => objects.listParts(await real(name), ...rest),
    listUploads: async (query) => objects.listUploads(await within(query)),
    abortUpload: async (name, ...rest) => objects.abortUpload(await changed(name), ...rest),
    completeUpload: async (completion) => objects.completeUpload(await changing(completion)),
  };
}
