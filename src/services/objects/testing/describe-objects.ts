/** What every implementation of Objects does. Run by the test of each. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { type TestContext } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import type { ObjectAbout, ObjectLimits } from "../object.ts";
import type { Objects, PutObject, Stored } from "../objects.ts";

export interface ObjectsWorld {
  objects: Objects;
  /** The content files that there are, once those are gone that nobody has any more. */
  files: () => Promise<string[]>;
}

/** By which the data keys of encrypted contents are sealed. */
export const serverKey = Buffer.alloc(32, 7);
export const about: ObjectAbout = { headers: { "content-type": "text/plain" }, metadata: { color: "blue" }, owner: "ten_a" };

export async function* pieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function putInto(objects: Objects, key: string, content: Uint8Array | string, more: Partial<PutObject> = {}): Promise<Stored> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return objects.put({ bucket: "b", key, about, most: 1e9, how: "Put", ...more }, pieces(bytes));
}

export async function contentOf(objects: Objects, key: string, version?: string, range?: { first: number; last: number }): Promise<Buffer> {
  const read = await objects.read("b", key, version);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of read.content(range)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    read.release();
  }
}

const page = { bucket: "b", prefix: "", delimiter: "", after: "", most: 1_000 };
const seed = seedOf();

/** @param open makes a store with nothing in it */
export function describeObjects(name: string, open: (t: TestContext, limits?: Partial<ObjectLimits>) => Promise<ObjectsWorld>): void {
  async function withBucket(t: TestContext, limits?: Partial<ObjectLimits>): Promise<ObjectsWorld> {
    const world = await open(t, limits);
    await world.objects.createBucket({ name: "b", tenant: "ten_a", region: "us-east-1", isLocked: false });
    return world;
  }

  describe(name, () => {
    test("a bucket has one owner, is found, listed and removed, and is not removed while it has objects", async (t) => {
      const { objects } = await withBucket(t);
      const again = await objects.createBucket({ name: "b", tenant: "ten_b", region: "eu-west-1", isLocked: false });
      assert.deepEqual([again.isNew, again.bucket.tenant], [false, "ten_a"]);
      await objects.createBucket({ name: "a", tenant: "ten_a", region: "eu-west-1", isLocked: false });
      const all = { prefix: "", after: "", most: 10 };
      assert.deepEqual(
        (await objects.buckets("ten_a", all)).map((bucket) => bucket.name),
        ["a", "b"],
      );
      assert.deepEqual(
        (await objects.buckets("ten_a", { ...all, region: "eu-west-1" })).map((bucket) => bucket.name),
        ["a"],
      );
      assert.deepEqual(await objects.buckets("ten_b", all), []);
      await putInto(objects, "k", "content");
      await assert.rejects(objects.removeBucket("b"), { code: "bucket-not-empty" });
      await objects.remove({ bucket: "b", key: "k" });
      await objects.startUpload("b", "k", { object: about, initiator: "x" });
      await objects.removeBucket("b");
      assert.equal(await objects.bucket("b"), null);
      await assert.rejects(putInto(objects, "k", "content"), { code: "no-such-bucket" });
    });

    test("settings are set and taken away one by one", async (t) => {
      const { objects } = await withBucket(t);
      await objects.setBucket("b", { tags: [1], cors: "x" });
      await objects.setBucket("b", { cors: null }, "enabled");
      const found = await objects.bucket("b");
      assert.deepEqual([found?.settings, found?.versioning], [{ tags: [1] }, "enabled"]);
    });

    for (const size of [0, 1, 16_384, 16_385, 1_300_000])
      test(`content of ${size} bytes comes back whole and in ranges`, async (t) => {
        const { objects } = await withBucket(t);
        const bytes = new Random(seed).bytes(size);
        const { etag, checksum } = await putInto(objects, "k", bytes, { algorithm: "SHA256" });
        assert.equal(etag, createHash("md5").update(bytes).digest("hex"));
        assert.equal(checksum?.value, createHash("sha256").update(bytes).digest("base64"));
        assert.ok((await contentOf(objects, "k")).equals(bytes));
        const found = await objects.head("b", "k");
        assert.deepEqual([found.size, found.about.metadata], [size, { color: "blue" }]);
        if (size < 2) return;
        const range = { first: 1, last: size - 2 };
        assert.ok((await contentOf(objects, "k", undefined, range)).equals(bytes.subarray(1, size - 1)));
      });

    test("nothing is kept of a write whose content or check fails, or that is too large", async (t) => {
      const { objects, files } = await withBucket(t);
      const bytes = Buffer.alloc(700_000, 1);
      async function* broken() {
        yield bytes;
        throw new Error("the client left");
      }
      const object = { bucket: "b", key: "k", about, most: 1e9, how: "Put" };
      await assert.rejects(objects.put(object, broken()), /the client left/);
      const check = () => {
        throw new Error("another digest");
      };
      await assert.rejects(putInto(objects, "k", bytes, { check }), /another digest/);
      await assert.rejects(putInto(objects, "k", bytes, { most: 600_000 }), { code: "body-too-large" });
      await assert.rejects(putInto(objects, "k", bytes, { conditions: { ifMatch: "x" } }), { code: "no-such-object" });
      await assert.rejects(objects.head("b", "k"), { code: "no-such-object" });
      assert.deepEqual(await files(), []);
    });

    test("an object is replaced, and its old content goes", async (t) => {
      const { objects, files } = await withBucket(t);
      await putInto(objects, "k", Buffer.alloc(50_000, 1));
      await putInto(objects, "k", Buffer.alloc(60_000, 2));
      assert.equal((await contentOf(objects, "k"))[0], 2);
      assert.equal((await files()).length, 1);
      await objects.remove({ bucket: "b", key: "k" });
      assert.deepEqual(await files(), []);
      assert.deepEqual(await objects.used("ten_a"), { objects: 0, bytes: 0 });
    });

    test("a reader gets the whole of what it began to read, though the object is replaced and removed meanwhile", async (t) => {
      const { objects, files } = await withBucket(t);
      const first = Buffer.alloc(900_000, 1);
      await putInto(objects, "k", first);
      const read = await objects.read("b", "k");
      await putInto(objects, "k", Buffer.alloc(900_000, 2));
      await objects.remove({ bucket: "b", key: "k" });
      assert.equal((await files()).length, 1);
      const chunks: Uint8Array[] = [];
      for await (const chunk of read.content()) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(first));
      read.release();
      assert.deepEqual(await files(), []);
    });

    test("conditions are about the object as it is when it is written", async (t) => {
      const { objects } = await withBucket(t);
      const { etag } = await putInto(objects, "k", "one", { conditions: { ifNoneMatch: "*" } });
      await assert.rejects(putInto(objects, "k", "two", { conditions: { ifNoneMatch: "*" } }), { code: "object-condition" });
      await assert.rejects(putInto(objects, "k", "two", { conditions: { ifMatch: "other" } }), { code: "object-condition" });
      const racers = await Promise.allSettled(
        ["a", "b", "c"].map((text) => putInto(objects, "k", text, { conditions: { ifMatch: etag } })),
      );
      assert.equal(racers.filter(({ status }) => status === "fulfilled").length, 1);
      await assert.rejects(objects.remove({ bucket: "b", key: "k", conditions: { ifMatch: etag } }), { code: "object-condition" });
    });

    test("a versioned bucket keeps what was replaced and removed, until its version is removed", async (t) => {
      const { objects } = await withBucket(t);
      await putInto(objects, "k", "zero");
      await objects.setBucket("b", {}, "enabled");
      const one = await putInto(objects, "k", "one");
      const { version: marker, isMarker } = await objects.remove({ bucket: "b", key: "k" });
      assert.ok(isMarker && (await objects.head("b", "k")).isMarker);
      assert.equal((await contentOf(objects, "k", "null")).toString(), "zero");
      const { objects: versions } = await objects.listVersions(page);
      assert.deepEqual(
        versions.map(({ version, isLatest }) => [version, isLatest]),
        [
          [marker, true],
          [one.version, false],
          ["null", false],
        ],
      );
      assert.deepEqual((await objects.list(page)).objects, []);
      await objects.remove({ bucket: "b", key: "k", version: marker });
      assert.equal((await contentOf(objects, "k")).toString(), "one");
      await objects.setBucket("b", {}, "suspended");
      await putInto(objects, "k", "two");
      assert.equal((await contentOf(objects, "k", "null")).toString(), "two");
      assert.equal((await objects.listVersions(page)).objects.length, 2);
      const again = await objects.remove({ bucket: "b", key: "k" });
      assert.deepEqual([again.version, again.isMarker], ["null", true]);
      assert.equal((await contentOf(objects, "k", one.version)).toString(), "one");
    });

    test("a protected version stays", async (t) => {
      const { objects } = await withBucket(t);
      await objects.setBucket("b", {}, "enabled");
      const until = Date.now() + 1e9;
      const { version } = await putInto(objects, "k", "one", { about: { ...about, retention: { mode: "GOVERNANCE", until } } });
      const removal = { bucket: "b", key: "k", version };
      await assert.rejects(objects.remove(removal), { code: "object-protected" });
      await objects.change({ ...removal, change: { legalHold: true } });
      await assert.rejects(objects.remove({ ...removal, bypasses: true }), { code: "object-protected" });
      await objects.change({ ...removal, change: { legalHold: false } });
      await assert.rejects(objects.change({ ...removal, change: { retention: null } }), { code: "object-protected" });
      await objects.remove({ ...removal, bypasses: true });
    });

    test("listings go page by page, with common prefixes, in the order of the keys' bytes", async (t) => {
      const { objects } = await withBucket(t);
      const keys = ["a", "b/1", "b/2", "b/c/3", "b0", "é", "\u{ff5e}", "\u{1f600}/x", "\u{1f600}/y", "z"];
      for (const key of keys) await putInto(objects, key, key);
      const sorted = keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      for (const delimiter of ["", "/"])
        for (const prefix of ["", "b", "b/", "q"])
          for (const most of [1, 2, 3, 100]) {
            const fitting = sorted.filter((key) => key.startsWith(prefix));
            const cut = (key: string) => {
              const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
              return at < 0 ? key : key.slice(0, at + 1);
            };
            const seen: string[] = [];
            for (let after = ""; ;) {
              const listed = await objects.list({ bucket: "b", prefix, delimiter, after, most });
              const told = [...listed.objects.map(({ key }) => key), ...listed.prefixes];
              assert.ok(told.length <= most);
              seen.push(...told.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))));
              if (listed.next === null) break;
              after = listed.next;
            }
            assert.deepEqual(seen, [...new Set(fitting.map(cut))], JSON.stringify({ delimiter, prefix, most }));
          }
    });

    test("versions and uploads of a key are told over several pages, none twice", async (t) => {
      const { objects } = await withBucket(t);
      await objects.setBucket("b", {}, "enabled");
      const uploads: string[] = [];
      const versions: string[] = [];
      for (const key of ["a", "b", "b", "b", "c"]) {
        versions.push((await putInto(objects, key, key)).version!);
        uploads.push(await objects.startUpload("b", key, { object: about, initiator: "x" }));
      }
      const [seen, seenUploads]: [string[], string[]] = [[], []];
      for (let [after, afterVersion]: [string, string | undefined] = ["", undefined]; ;) {
        const listed = await objects.listVersions({ ...page, after, afterVersion, most: 2 });
        seen.push(...listed.objects.map(({ version }) => version));
        if (listed.next === null) break;
        [after, afterVersion] = [listed.next, listed.nextVersion ?? undefined];
      }
      const [a, b1, b2, b3, c] = versions;
      assert.deepEqual(seen, [a, b3, b2, b1, c]);
      for (let [after, afterUpload]: [string, string | undefined] = ["", undefined]; ;) {
        const listed = await objects.listUploads({ ...page, after, afterUpload, most: 2 });
        seenUploads.push(...listed.objects.map(({ upload }) => upload));
        if (listed.next === null) break;
        [after, afterUpload] = [listed.next, listed.nextUpload ?? undefined];
      }
      assert.deepEqual(seenUploads.toSorted(), uploads.toSorted());
    });

    test("an upload in parts becomes an object of their files; what was replaced or left out goes", async (t) => {
      const { objects, files } = await withBucket(t);
      const [one, two] = [Buffer.alloc(60_000, 1), Buffer.alloc(20, 2)];
      const upload = await objects.startUpload("b", "k", {
        object: about,
        initiator: "x",
        checksum: { algorithm: "CRC32", type: "FULL_OBJECT" },
      });
      const part = { bucket: "b", key: "k", upload, most: 1e9, algorithm: "CRC32" as const };
      await objects.putPart({ ...part, number: 1 }, pieces(two));
      const first = await objects.putPart({ ...part, number: 1 }, pieces(one));
      const second = await objects.putPart({ ...part, number: 7 }, pieces(two));
      await objects.putPart({ ...part, number: 9 }, pieces(Buffer.alloc(30_000, 3)));
      assert.deepEqual(
        (await objects.listParts("b", "k", upload, 1, 1)).parts.map(({ number }) => number),
        [7],
      );
      const completion = {
        bucket: "b",
        key: "k",
        upload,
        leastPart: 50_000,
        parts: [
          { number: 1, etag: first.etag },
          { number: 7, etag: second.etag },
        ],
      };
      await assert.rejects(objects.completeUpload({ ...completion, parts: [{ number: 1, etag: second.etag }] }), { code: "part-differs" });
      await assert.rejects(objects.completeUpload({ ...completion, leastPart: 70_000 }), { code: "part-too-small" });
      await assert.rejects(objects.completeUpload({ ...completion, size: 1 }), { code: "checksum-differs" });
      const whole = await objects.completeUpload(completion);
      const bytes = Buffer.concat([one, two]);
      assert.ok((await contentOf(objects, "k")).equals(bytes));
      assert.ok((await contentOf(objects, "k", undefined, { first: 59_999, last: 60_001 })).equals(Buffer.from([1, 2, 2])));
      assert.match(whole.etag, /-2$/);
      const copy = await objects.copy({ object: await objects.read("b", "k") }, { bucket: "b", key: "copy", about, algorithm: "CRC32" });
      assert.deepEqual([copy.etag, copy.checksum], [createHash("md5").update(bytes).digest("hex"), whole.checksum]);
      assert.equal((await files()).length, 1);
      assert.deepEqual(await objects.used("ten_a"), { objects: 2, bytes: 2 * 60_020 });
      await assert.rejects(objects.upload("b", "k", upload), { code: "no-such-upload" });
    });

    test("a copy outlives its source, and an object can be copied onto itself", async (t) => {
      const { objects, files } = await withBucket(t);
      for (const [key, size] of [
        ["small", 10],
        ["large", 40_000],
      ] as const) {
        const bytes = new Random(seed).bytes(size);
        await putInto(objects, key, bytes);
        for (const to of [key, "copy"]) {
          const object = await objects.read("b", key);
          await objects.copy({ object }, { bucket: "b", key: to, about: { ...about, metadata: { to } } });
          object.release();
        }
        await objects.remove({ bucket: "b", key });
        assert.ok((await contentOf(objects, "copy")).equals(bytes));
        assert.deepEqual((await objects.head("b", "copy")).about.metadata, { to: "copy" });
      }
      await objects.remove({ bucket: "b", key: "copy" });
      assert.deepEqual(await files(), []);
    });

    test("an aborted upload leaves nothing", async (t) => {
      const { objects, files } = await withBucket(t);
      const upload = await objects.startUpload("b", "k", { object: about, initiator: "x" });
      await objects.putPart({ bucket: "b", key: "k", upload, number: 1, most: 1e9 }, pieces(Buffer.alloc(40_000)));
      await objects.abortUpload("b", "k", upload);
      assert.deepEqual([await files(), await objects.used("ten_a")], [[], { objects: 0, bytes: 0 }]);
    });

    test("a tenant has no more buckets, objects and bytes than it may have", async (t) => {
      const { objects, files } = await withBucket(t, { buckets: 1, objects: 2, bytes: 100_000 });
      const second = objects.createBucket({ name: "c", tenant: "ten_a", region: "us-east-1", isLocked: false });
      await assert.rejects(second, { code: "object-storage-full" });
      await putInto(objects, "one", Buffer.alloc(60_000));
      await assert.rejects(putInto(objects, "two", Buffer.alloc(60_000)), { code: "object-storage-full" });
      await putInto(objects, "one", Buffer.alloc(90_000));
      await putInto(objects, "two", "2");
      await assert.rejects(putInto(objects, "three", "3"), { code: "object-storage-full" });
      assert.equal((await files()).length, 1);
    });
  });
}
