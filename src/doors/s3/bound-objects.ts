/** The buckets of one app, by the names that its bindings have for them. A bucket is made at its first use. */
import { MayflyError } from "../../base/errors/error.ts";
import { ownBucket } from "../../control/own-buckets.ts";
import type { Bucket } from "../../services/objects/object.ts";
import type { Objects } from "../../services/objects/objects.ts";
import { S3Error } from "./s3-error.ts";

interface BoundApp {
  /** Ids. */
  tenant: string;
  app: string;
  /** The buckets that it may reach. */
  names: readonly string[];
}

export function boundObjects(objects: Objects, { tenant, app, names }: BoundApp): Objects {
  /** Rejects with "no-such-bucket". */
  const real = async (name: string): Promise<string> => {
    if (!names.includes(name)) throw new MayflyError("no-such-bucket", { name });
    return ownBucket(objects, { tenant, app }, name);
  };
  const shown = (bucket: Bucket | null, name: string): Bucket | null => bucket && { ...bucket, name };
  const within = async <T extends { bucket: string }>(asked: T): Promise<T> => ({ ...asked, bucket: await real(asked.bucket) });
  return {
    ...objects,
    // They are made and removed by what the app's manifest says.
    createBucket: () => Promise.reject(new S3Error("AccessDenied")),
    removeBucket: () => Promise.reject(new S3Error("AccessDenied")),
    removeOf: () => Promise.reject(new S3Error("AccessDenied")),
    removeOfApps: () => Promise.reject(new S3Error("AccessDenied")),
    bucket: async (name) => (names.includes(name) ? shown(await objects.bucket(await real(name)), name) : null),
    buckets: async (_tenant, { prefix, after, most }) => {
      const wanted = [...new Set(names)].toSorted().filter((name) => name.startsWith(prefix) && name > after);
      const found = await Promise.all(wanted.slice(0, most).map(async (name) => shown(await objects.bucket(await real(name)), name)));
      return found.filter((bucket) => bucket !== null);
    },
    inBucket: async (name) => objects.inBucket(await real(name)),
    setBucket: async (name, ...rest) => objects.setBucket(await real(name), ...rest),
    put: async (object, source) => objects.put(await within(object), source),
    head: async (name, ...rest) => objects.head(await real(name), ...rest),
    versionAt: async (name, seq) => objects.versionAt(await real(name), seq),
    read: async (name, ...rest) => objects.read(await real(name), ...rest),
    copy: async (from, object) => objects.copy(from, await within(object)),
    remove: async (removal) => objects.remove(await within(removal)),
    change: async (changed) => objects.change(await within(changed)),
    list: async (query) => objects.list(await within(query)),
    listVersions: async (query) => objects.listVersions(await within(query)),
    startUpload: async (name, ...rest) => objects.startUpload(await real(name), ...rest),
    upload: async (name, ...rest) => objects.upload(await real(name), ...rest),
    putPart: async (part, source) => objects.putPart(await within(part), source),
    copyPart: async (from, part) => objects.copyPart(from, await within(part)),
    listParts: async (name, ...rest) => objects.listParts(await real(name), ...rest),
    listUploads: async (query) => objects.listUploads(await within(query)),
    abortUpload: async (name, ...rest) => objects.abortUpload(await real(name), ...rest),
    completeUpload: async (completion) => objects.completeUpload(await within(completion)),
  };
}
