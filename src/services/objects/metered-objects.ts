/**
 * Buckets whose use is told: a request that was done is counted for whom the bucket belongs to, an app or a tenant. What the store does by itself, as a lifecycle asks for, is
 * nobody's request.
 */
import type { Bucket } from "./object.ts";
import type { CopySource, Objects, ReadObject } from "./objects.ts";

export type ObjectUse = { reads: number } | { writes: number } | { outBytes: number };

/**
 * @param used called with the id of an app, or of a tenant
 * @param isOutside whether the content that is read leaves the host: of the requests of machines it does not
 */
export function meteredObjects(objects: Objects, used: (owner: string, use: ObjectUse) => void, isOutside: boolean): Objects {
  const wrapped = new WeakMap<ReadObject, ReadObject>();

  /** A bucket is mostly known without a look at the disk. One that is gone meanwhile is nobody's. */
  function tell(name: string, use: ObjectUse): void {
    objects.bucket(name).then(
      (bucket) => bucket && used(ownerOf(bucket), use),
      () => {},
    );
  }

  async function reads<T>(name: string, done: Promise<T>): Promise<T> {
    const result = await done;
    tell(name, { reads: 1 });
    return result;
  }

  async function writes<T>(name: string, done: Promise<T>): Promise<T> {
    const result = await done;
    tell(name, { writes: 1 });
    return result;
  }

  async function* counted(name: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    try {
      for await (const piece of content) {
        bytes += piece.length;
        yield piece;
      }
    } finally {
      if (bytes > 0) tell(name, { outBytes: bytes });
    }
  }

  const read: Objects["read"] = async (name, ...rest) => {
    const object = await reads(name, objects.read(name, ...rest));
    if (!isOutside) return object;
    const metered: ReadObject = { ...object, content: (range, pieces) => counted(name, object.content(range, pieces)) };
    wrapped.set(metered, object);
    return metered;
  };

  /** What is read for a copy stays here. */
  const asItIs = (from: CopySource): CopySource => ({ ...from, object: wrapped.get(from.object) ?? from.object });

  return {
    ...objects,
    setBucket: (name, ...rest) => writes(name, objects.setBucket(name, ...rest)),
    put: (object, source) => writes(object.bucket, objects.put(object, source)),
    head: (name, ...rest) => reads(name, objects.head(name, ...rest)),
    read,
    copy: (from, object) => writes(object.bucket, objects.copy(asItIs(from), object)),
    remove: (removal) => writes(removal.bucket, objects.remove(removal)),
    change: (changed) => writes(changed.bucket, objects.change(changed)),
    list: (query) => reads(query.bucket, objects.list(query)),
    listVersions: (query) => reads(query.bucket, objects.listVersions(query)),
    startUpload: (name, ...rest) => writes(name, objects.startUpload(name, ...rest)),
    putPart: (part, source) => writes(part.bucket, objects.putPart(part, source)),
    copyPart: (from, part) => writes(part.bucket, objects.copyPart(asItIs(from), part)),
    listParts: (name, ...rest) => reads(name, objects.listParts(name, ...rest)),
    listUploads: (query) => reads(query.bucket, objects.listUploads(query)),
    abortUpload: (name, ...rest) => writes(name, objects.abortUpload(name, ...rest)),
    completeUpload: (completion) => writes(completion.bucket, objects.completeUpload(completion)),
  };
}

function ownerOf({ settings, tenant }: Bucket): string {
  return settings.app ?? tenant;
}
