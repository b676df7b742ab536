/** The object store over an index, which is a group commit, and files. */
import { randomBytes } from "node:crypto";
import { MayflyError } from "../../base/errors/error.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { Algorithm, Checksum } from "./checksums/checksum.ts";
import { Digests, type FinishedDigests } from "./checksums/digests.ts";
import type { ContentFiles } from "./content/content-files.ts";
import { Hashing } from "./checksums/hashing.ts";
import { type TakenContent, takeContent } from "./content/incoming.ts";
import { readSegments, within } from "./content/outgoing.ts";
import { PieceMemory } from "./content/piece-memory.ts";
import type { Bucket, ObjectLimits, Segment } from "./object.ts";
import type { CopySource, Objects, ReadObject, Stored } from "./objects.ts";
import type { ObjectOperations } from "./store/engine.ts";
import type { NewContent } from "./store/files.ts";
import type { Upload } from "./store/uploads.ts";
import { newVersionId } from "./version-id.ts";

export interface ObjectsParts {
  index: GroupCommit<ObjectOperations>;
  files: ContentFiles;
  /** What a tenant may have. */
  limitsOf: (tenant: string) => ObjectLimits;
  /** Wall clock, ms. */
  now: () => number;
  /** Called after each write: there may be garbage, and notices to deliver. */
  written: () => void;
}

/** Rows of one transaction, of removals that may be large. */
const TOGETHER = 500;
/** Buckets that are remembered, since each request asks for one. */
const MOST_REMEMBERED = 1_000;

export function objectsOver({ index, files, limitsOf, now, written }: ObjectsParts): Objects {
  const [hashing, memory] = [new Hashing(), new PieceMemory()];
  const remembered = new Map<string, Bucket>();
  /** Counts changes of buckets: what was read before a change is not remembered after it. */
  let changes = 0;

  async function bucket(name: string): Promise<Bucket | null> {
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const before = changes;
    const found = await index.run("findBucket", { name });
    if (found === null || before !== changes) return found;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(name, found);
    return found;
  }

  /** Of the bucket's tenant. Rejects with "no-such-bucket". */
  async function limits(name: string): Promise<ObjectLimits> {
    const found = await bucket(name);
    if (found === null) throw new MayflyError("no-such-bucket", { name });
    return limitsOf(found.tenant);
  }

  async function changed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const forget = () => {
      changes++;
      remembered.delete(name);
    };
    forget();
    try {
      return await work();
    } finally {
      forget();
      written();
    }
  }

  /** Content that the index did not take in is removed at once. */
  async function keep<T>(content: NewContent, store: () => Promise<T>): Promise<T> {
    try {
      const result = await store();
      written();
      return result;
    } catch (error) {
      if (content.isShared !== true) await files.remove(content.segments.map(({ file }) => file)).catch(() => {});
      throw error;
    }
  }

  async function read(name: string, key: string, version?: string): Promise<ReadObject> {
    const found = await index.run("get", { bucket: name, key, version, wantsBytes: true });
    // In this very turn, so that no removal that was asked for later comes before it.
    const release = files.hold(found.segments.map(({ file }) => file));
    const bytesOf = async (file: string) => found.bytes ?? (await index.run("bytes", { file }));
    return {
      found,
      content: (range, pieces = "own") =>
        readSegments(range === undefined ? found.segments : within(found.segments, range), { files, bytesOf, pieces }),
      release,
    };
  }

  /** What the content of a copy is, and its digests, for which it is read if they do not follow from what is known of the source. */
  async function copied({ object, range }: CopySource, algorithm: Algorithm | undefined): Promise<Copied> {
    const { found } = object;
    const segments = range === undefined ? found.segments : within(found.segments, range);
    const size = segments.reduce((sum, segment) => sum + segment.size, 0);
    const { checksum, parts } = found.about;
    const isKnown = size === found.size && parts === undefined && (algorithm === undefined || isOfAll(checksum, algorithm));
    if (isKnown) return { segments, size, etag: found.etag, checksum: algorithm && checksum };
    const digests = new Digests(algorithm === undefined ? [] : [algorithm]);
    for await (const piece of object.content(range, "lent")) digests.update(piece);
    const finished = digests.finish();
    return { segments, size, etag: finished.md5.toString("hex"), checksum: checksumIn(finished, algorithm) };
  }

  async function removeAll(next: () => Promise<string[]>): Promise<void> {
    for (let names = await next(); names.length > 0; names = await next())
      for (const name of names)
        await changed(name, async () => {
          while ((await index.run("clear", { name, most: TOGETHER })) > 0);
          await index.run("removeBucket", { name });
        });
  }

  return {
    createBucket: (made) =>
      changed(made.name, () => index.run("createBucket", { bucket: made, now: now(), most: limitsOf(made.tenant).buckets })),
    bucket,
    buckets: (tenant, page) => index.run("listBuckets", { tenant, page }),
    removeBucket: (name) => changed(name, () => index.run("removeBucket", { name })),
    async removeOf(tenant) {
      const page = { prefix: "", after: "", most: TOGETHER };
      await removeAll(async () => (await index.run("listBuckets", { tenant, page })).map(({ name }) => name));
    },
    async removeOfApps(isThere) {
      for (const app of await index.run("appsWithBuckets", null))
        if (!isThere(app)) await removeAll(() => index.run("bucketsOfApp", { app, most: TOGETHER }));
    },
    setBucket: (name, settings, versioning) => changed(name, () => index.run("setBucket", { name, settings, versioning })),
    used: (tenant) => index.run("used", { tenant }),
    inBucket: (name) => index.run("inBucket", { name }),

    async put({ algorithm, also = [], check = () => {}, most: mostBytes, about, ...object }, source) {
      const most = await limits(object.bucket);
      const taken = await takeContent(
        source,
        { files, hashing, memory, algorithms: algorithmsOf(algorithm, also), most: mostBytes },
        check,
      );
      const { content, size } = taken;
      const checksum = checksumIn(taken.digests, algorithm);
      const [at, etag] = [now(), etagOf(taken)];
      const whole = { ...object, id: newVersionId(at), about: { ...about, checksum }, content, size, etag };
      const version = await keep(content, () => index.run("put", { object: whole, now: at, most }, content.bytes?.length));
      return { version, etag, size, checksum, modifiedAt: at };
    },
    head: (name, key, version) => index.run("get", { bucket: name, key, version, wantsBytes: false }),
    versionAt: (name, seq) => index.run("versionAt", { bucket: name, seq }),
    read,
    async copy(from, { algorithm, about, ...object }) {
      const most = await limits(object.bucket);
      const { segments, size, etag, checksum } = await copied(from, algorithm);
      const content = { segments, isShared: true };
      const at = now();
      const whole = { ...object, id: newVersionId(at), about: { ...about, checksum }, content, size, etag, how: "Copy" };
      const version = await keep(content, () => index.run("put", { object: whole, now: at, most }));
      return { version, etag, size, checksum, modifiedAt: at };
    },
    async remove(removal) {
      const at = now();
      const removed = await index.run("remove", { removal: { ...removal, id: newVersionId(at) }, now: at });
      written();
      return removed;
    },
    async change(asked) {
      const result = await index.run("change", { ...asked, bypasses: asked.bypasses === true, now: now() });
      written();
      return result;
    },
    list: (query) => index.run("list", query),
    listVersions: (query) => index.run("listVersions", query),

    async startUpload(name, key, about) {
      const upload = newUpload(now());
      await index.run("startUpload", { bucket: name, key, upload, about, now: now() });
      return upload;
    },
    upload: (name, key, upload) => index.run("findUpload", { bucket: name, key, upload }),
    async putPart({ algorithm, also = [], check = () => {}, most: mostBytes, ...part }, source) {
      const most = await limits(part.bucket);
      const taken = await takeContent(
        source,
        { files, hashing, memory, algorithms: algorithmsOf(algorithm, also), most: mostBytes },
        check,
      );
      const { content, size } = taken;
      const checksum = checksumIn(taken.digests, algorithm);
      return storePart({ ...part, content, size, etag: etagOf(taken) }, checksum, most);
    },
    async copyPart(from, { algorithm, also: _also, ...part }) {
      const most = await limits(part.bucket);
      const { segments, size, etag, checksum } = await copied(from, algorithm);
      return storePart({ ...part, content: { segments, isShared: true }, size, etag }, checksum, most);
    },
    listParts: (name, key, upload, after, most) => index.run("listParts", { bucket: name, key, upload, after, most }),
    async listUploads(query) {
      const listed = await index.run("listUploads", query);
      return { ...listed, objects: listed.objects as Upload[] };
    },
    async abortUpload(name, key, upload) {
      await index.run("abortUpload", { bucket: name, key, upload });
      written();
    },
    async completeUpload(completion) {
      const most = await limits(completion.bucket);
      const at = now();
      const result = await index.run("completeUpload", { completion: { ...completion, id: newVersionId(at) }, now: at, most });
      written();
      return result;
    },
  };

  async function storePart(
    part: { bucket: string; key: string; upload: string; number: number; content: NewContent; size: number; etag: string },
    checksum: Checksum | undefined,
    most: ObjectLimits,
  ): Promise<Stored> {
    const { content, size, etag } = part;
    const at = now();
    await keep(content, () => index.run("putPart", { part: { ...part, checksum: checksum?.value }, now: at, most }, content.bytes?.length));
    return { version: undefined, etag, size, checksum, modifiedAt: at };
  }
}

interface Copied {
  segments: Segment[];
  size: number;
  etag: string;
  checksum: Checksum | undefined;
}

function algorithmsOf(kept: Algorithm | undefined, also: readonly Algorithm[]): Algorithm[] {
  return kept === undefined ? [...also] : [kept, ...also];
}

function etagOf({ digests }: TakenContent): string {
  return digests.md5.toString("hex");
}

function isOfAll(checksum: Checksum | undefined, algorithm: Algorithm): boolean {
  return checksum?.algorithm === algorithm && checksum.type === "FULL_OBJECT";
}

function checksumIn(digests: FinishedDigests, algorithm: Algorithm | undefined): Checksum | undefined {
  return algorithm && { algorithm, type: "FULL_OBJECT", value: digests.of(algorithm).toString("base64") };
}

/** Ids of uploads are in the order of their beginnings. */
function newUpload(now: number): string {
  return `${now.toString(36).padStart(9, "0")}${randomBytes(24).toString("hex")}`;
}
