/** The object store over an index, which is a group commit, and files. */
import { randomBytes } from "node:crypto";
import { MayflyError } from "../../base/errors/error.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { Algorithm, Checksum } from "./checksums/checksum.ts";
import type { FinishedDigests } from "./checksums/digests.ts";
import type { ContentFiles } from "./content/content-files.ts";
import { Hashing } from "./checksums/hashing.ts";
import { checksumIn, copied } from "./content/copied.ts";
import { type TakenContent, takeContent } from "./content/incoming.ts";
import { readSegments, smallContent, within } from "./content/outgoing.ts";
import { PieceMemory } from "./content/piece-memory.ts";
import { newDataKey } from "./encryption/data-keys.ts";
import { createObjectKeys, encryptionIn, keptOf, type KeyOf } from "./encryption/object-keys.ts";
import type { AskedEncryption, Bucket, ObjectLimits } from "./object.ts";
import type { CopySource, Objects, ReadObject, Stored } from "./objects.ts";
import type { ObjectOperations } from "./store/engine.ts";
import type { NewContent } from "./store/files.ts";
import type { Upload } from "./store/uploads.ts";
import type { Found } from "./store/versions.ts";
import { newVersionId } from "./version-id.ts";

export interface ObjectsParts {
  index: GroupCommit<ObjectOperations>;
  files: ContentFiles;
  /** What a tenant may have. */
  limitsOf: (tenant: string) => ObjectLimits;
  /** The key that seals those of encrypted contents, 32 bytes. Throws "secret-key-unusable". */
  serverKey: () => Buffer;
  /** Wall clock, ms. */
  now: () => number;
  /** Called after each write: there may be garbage, and notices to deliver. */
  written: () => void;
}

/** Rows of one transaction, of removals that may be large. */
const TOGETHER = 500;
/** Buckets that are remembered, since each request asks for one. */
const MOST_REMEMBERED = 1_000;

export function objectsOver({ index, files, limitsOf, serverKey, now, written }: ObjectsParts): Objects {
  const [hashing, memory, keys] = [new Hashing(), new PieceMemory(), createObjectKeys(serverKey)];
  /** How the contents of those that are read are opened: for copies of them. */
  const openers = new WeakMap<ReadObject, KeyOf>();
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

  /** What the bucket's tenant may have, and how what is written into it is encrypted. Rejects with "no-such-bucket". */
  async function rules(name: string, asked?: AskedEncryption): Promise<{ most: ObjectLimits; encrypt: AskedEncryption | undefined }> {
    const found = await bucket(name);
    if (found === null) throw new MayflyError("no-such-bucket", { name });
    return { most: limitsOf(found.tenant), encrypt: encryptionIn(found, asked) };
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

  const read: Objects["read"] = async (name, key, version, customerKey) => {
    const found = await index.run("get", { bucket: name, key, version, wantsBytes: true });
    // In this very turn, so that no removal that was asked for later comes before it.
    const release = files.hold(found.segments.map(({ file }) => file));
    try {
      const keyOf = keys.opener(found, customerKey?.(found));
      const read = readWith(found, keyOf, release);
      openers.set(read, keyOf);
      return read;
    } catch (error) {
      release();
      throw error;
    }
  };

  function readWith(found: Found, keyOf: KeyOf, release: () => void): ReadObject {
    const { segments, bytes } = found;
    const [only] = segments;
    const small = bytes && only && smallContent(only, bytes, keyOf(only));
    const bytesOf = (file: string) => index.run("bytes", { file });
    return {
      found: { ...found, bytes: small },
      content: (range, pieces = "own") =>
        small === undefined
          ? readSegments(range === undefined ? segments : within(segments, range), { files, bytesOf, keyOf, pieces })
          : once(range === undefined ? small : small.subarray(range.first, range.last + 1)),
      release,
    };
  }

  /** Takes content in, encrypted if it is to be. */
  async function take(
    source: AsyncIterable<Uint8Array>,
    { algorithm, encrypt, also = [], most = Infinity, check = () => {} }: Taking,
  ): Promise<TakenContent> {
    const [dataKey, sealed] = encrypt === undefined ? [] : [newDataKey(), keys.sealer(encrypt)];
    const algorithms = algorithm === undefined ? also : [algorithm, ...also];
    const taken = await takeContent(source, { files, hashing, memory, algorithms, most, dataKey }, check);
    return dataKey === undefined ? taken : { ...taken, content: sealed!(taken.content, dataKey) };
  }

  const copyOf = (from: CopySource, wanted: { algorithm: Algorithm | undefined; encrypt: AskedEncryption | undefined }) =>
    copied(from, wanted, { keys, keyOf: openers.get(from.object)!, take });

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

    async put({ algorithm, also, check, most: mostBytes, about, encrypt: asked, ...object }, source) {
      const { most, encrypt } = await rules(object.bucket, asked);
      const { content, size, digests } = await take(source, { algorithm, also, check, most: mostBytes, encrypt });
      const [checksum, encryption] = [checksumIn(digests, algorithm), keptOf(encrypt)];
      const [at, etag] = [now(), etagOf(digests.md5.toString("hex"), encrypt)];
      const whole = { ...object, id: newVersionId(at), about: { ...about, checksum, encryption }, content, size, etag };
      const version = await keep(content, () => index.run("put", { object: whole, now: at, most }, content.bytes?.length));
      return { version, etag, size, checksum, modifiedAt: at, encryption };
    },
    head: (name, key, version) => index.run("get", { bucket: name, key, version, wantsBytes: false }),
    versionAt: (name, seq) => index.run("versionAt", { bucket: name, seq }),
    read,
    async copy(from, { algorithm, about, encrypt: asked, ...object }) {
      const { most, encrypt: wanted } = await rules(object.bucket, asked);
      const { content, size, md5, checksum, encrypt } = await copyOf(from, { algorithm, encrypt: wanted });
      const [at, etag, encryption] = [now(), etagOf(md5, encrypt), keptOf(encrypt)];
      const whole = { ...object, id: newVersionId(at), about: { ...about, checksum, encryption }, content, size, etag, how: "Copy" };
      const version = await keep(content, () => index.run("put", { object: whole, now: at, most }, content.bytes?.length));
      return { version, etag, size, checksum, modifiedAt: at, encryption };
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

    async startUpload(name, key, about, asked) {
      const encryption = keptOf((await rules(name, asked)).encrypt);
      const upload = newUpload(now());
      const object = { ...about.object, encryption };
      await index.run("startUpload", { bucket: name, key, upload, about: { ...about, object }, now: now() });
      return upload;
    },
    upload: (name, key, upload) => index.run("findUpload", { bucket: name, key, upload }),
    async putPart({ algorithm, also, check, most: mostBytes, encrypt, ...part }, source) {
      const { most } = await rules(part.bucket);
      const { content, size, digests } = await take(source, { algorithm, also, check, most: mostBytes, encrypt });
      const etag = etagOf(digests.md5.toString("hex"), encrypt);
      return storePart({ ...part, content, size, etag }, checksumIn(digests, algorithm), most, encrypt);
    },
    async copyPart(from, { algorithm, also: _also, encrypt: asked, ...part }) {
      const { most } = await rules(part.bucket);
      const { content, size, md5, checksum, encrypt } = await copyOf(from, { algorithm, encrypt: asked });
      return storePart({ ...part, content, size, etag: etagOf(md5, encrypt) }, checksum, most, asked);
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
      const { most } = await rules(completion.bucket);
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
    encrypt: AskedEncryption | undefined,
  ): Promise<Stored> {
    const { content, size, etag } = part;
    const at = now();
    await keep(content, () => index.run("putPart", { part: { ...part, checksum: checksum?.value }, now: at, most }, content.bytes?.length));
    return { version: undefined, etag, size, checksum, modifiedAt: at, encryption: keptOf(encrypt) };
  }
}

interface Taking {
  algorithm: Algorithm | undefined;
  encrypt: AskedEncryption | undefined;
  also?: readonly Algorithm[] | undefined;
  most?: number;
  check?: ((digests: FinishedDigests, size: number) => void) | undefined;
}

/** Of what is encrypted with a customer's key it is random, as on AWS: the index tells nothing of the content by it. */
function etagOf(md5: string, encrypt: AskedEncryption | undefined): string {
  return encrypt?.by === "customer" ? randomBytes(16).toString("hex") : md5;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes;
}

/** Ids of uploads are in the order of their beginnings. */
function newUpload(now: number): string {
  return `${now.toString(36).padStart(9, "0")}${randomBytes(24).toString("hex")}`;
}
