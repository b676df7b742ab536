/** The calls of the recorded tests of objects, by their names without parameters. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Answer, Input } from "../sqs/clients.ts";
import type { Replay, Script, Scripts } from "./replay.ts";

const DAY_MS = 86_400_000;
const noVersion = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD";
const key = "test-delete";

const byKey = (list: unknown): Answer[] =>
  (list as Answer[]).toSorted((one, other) => (String(one["Key"]) < String(other["Key"]) ? -1 : 1));

/** A part that is copied from an object under a condition. */
function partCopy(name: string, isRefused: boolean, condition: (source: Answer) => Input, seconds = 0): Script {
  return async (it) => {
    const Bucket = await it.create();
    const source = await it.put(Bucket, "source_file.txt", "0123456789");
    const { UploadId } = await it.call("CreateMultipartUpload", { Bucket, Key: "destination_file.txt" });
    await setTimeout(seconds * 1_000);
    const upload = { Bucket, Key: "destination_file.txt", UploadId };
    const input = { ...upload, PartNumber: 1, CopySource: `${Bucket}/source_file.txt`, ...condition(source) };
    if (isRefused) return it.refused(name, "UploadPartCopy", input);
    await it.ask(name, "UploadPartCopy", input);
    await it.ask("list-parts", "ListParts", upload);
  };
}

const refusedDelete =
  (name: string, condition: Input): Script =>
  async (it) => {
    const Bucket = await it.create();
    await it.put(Bucket, "test-precondition");
    await it.refused(name, "DeleteObject", { Bucket, Key: "test-precondition", ...condition });
  };

const versions = (it: Replay, name: string, Bucket: string) => it.ask(name, "ListObjectVersions", { Bucket });
const yesterday = () => new Date(Date.now() - DAY_MS);

export const objectScripts: Scripts = {
  async test_delete_object(it) {
    const Bucket = await it.create();
    it.match("put-object", await it.put(Bucket, key, key));
    await it.ask("delete-object", "DeleteObject", { Bucket, Key: key });
    await it.ask("delete-nonexistent-object", "DeleteObject", { Bucket, Key: key });
    await it.refused("delete-nonexistent-object-versionid", "DeleteObject", { Bucket, Key: key, VersionId: noVersion });
  },
  async test_delete_objects(it) {
    const Bucket = await it.create();
    it.match("put-object", await it.put(Bucket, key, key));
    const wrong = { Objects: [{ Key: key, VersionId: noVersion }] };
    await it.ask("delete-object-wrong-version-id", "DeleteObjects", { Bucket, Delete: wrong });
    const Delete = { Objects: [{ Key: key }, { Key: "c-wrong-key" }, { Key: "a-wrong-key" }] };
    const answer = await it.call("DeleteObjects", { Bucket, Delete });
    it.match("delete-objects", { ...answer, Deleted: byKey(answer["Deleted"]) });
  },
  async test_delete_object_versioned(it) {
    const Bucket = await it.createVersioned();
    const about = { Bucket, Key: key };
    const put = await it.put(Bucket, key, key);
    it.match("put-object", put);
    const version = { ...about, VersionId: put["VersionId"] };
    const deleted = await it.ask("delete-object", "DeleteObject", about);
    const marker = { ...about, VersionId: deleted["VersionId"] };
    await it.refused("get-deleted-object", "GetObject", about);
    await it.ask("get-object-with-version", "GetObject", version);
    await it.refused("get-delete-marker", "GetObject", marker);
    await it.ask("delete-object-2", "DeleteObject", about);
    await it.ask("list-object-versions", "ListObjectVersions", { Bucket, Prefix: key });
    await it.ask("delete-delete-marker", "DeleteObject", marker);
    await it.ask("delete-object-version", "DeleteObject", version);
    await it.refused("get-deleted-object-with-version", "GetObject", version);
    const wrong = `${String(version.VersionId).slice(0, -4)}ABCD`;
    await it.refused("delete-with-bad-version", "DeleteObject", { ...about, VersionId: wrong });
    await it.ask("delete-wrong-key", "DeleteObject", { Bucket, Key: "wrong-key" });
  },
  async test_get_object_with_version_unversioned_bucket(it) {
    const Bucket = await it.create();
    const Key = "test-version";
    it.match("put-object", await it.put(Bucket, Key, "test-version"));
    await it.refused("get-obj-with-version", "GetObject", { Bucket, Key, VersionId: noVersion });
    await it.ask("get-obj-with-null-version", "GetObject", { Bucket, Key, VersionId: "null" });
  },
  async test_put_object_on_suspended_bucket(it) {
    const Bucket = await it.createVersioned();
    const put = async (name: string, text: string) => it.match(name, await it.put(Bucket, "test-version", text));
    for (let at = 0; at < 3; at++) await put(`put-object-${at}`, `test-version-${at}`);
    await versions(it, "list-enabled", Bucket);
    await it.version(Bucket, "Suspended");
    await versions(it, "list-suspended", Bucket);
    await put("put-object-suspended", "test-version-suspended");
    await versions(it, "list-suspended-after-put", Bucket);
    await put("put-object-suspended-overwrite", "test-version-suspended");
    await versions(it, "list-suspended-after-overwrite", Bucket);
    await it.ask("get-object-current", "GetObject", { Bucket, Key: "test-version" });
  },
  async test_delete_object_on_suspended_bucket(it) {
    const Bucket = await it.createVersioned();
    const Key = "test-delete-suspended";
    for (let at = 0; at < 2; at++) it.match(`put-object-${at}`, await it.put(Bucket, Key, `test-version-${at}`));
    await it.version(Bucket, "Suspended");
    await versions(it, "list-suspended", Bucket);
    await it.ask("delete-object-no-version", "DeleteObject", { Bucket, Key });
    await versions(it, "list-suspended-delete", Bucket);
    it.match("put-object-suspended", await it.put(Bucket, Key, "test-version-suspended-after-delete"));
    await versions(it, "list-suspended-put", Bucket);
    await it.ask("delete-object-no-version-after-put", "DeleteObject", { Bucket, Key });
    await versions(it, "list-suspended-after-put", Bucket);
  },
  async test_list_object_versions_order_unversioned(it) {
    const Bucket = await it.create();
    await versions(it, "list-empty", Bucket);
    it.match("put-object", await it.put(Bucket, "a-test-object-1", "test-object-1"));
    it.match("put-object-3", await it.put(Bucket, "c-test-object-3", "test-object-3"));
    it.match("put-object-2", await it.put(Bucket, "b-test-object-2", "test-object-2"));
    await versions(it, "list-object-versions", Bucket);
  },
  async test_object_version_id_format(it) {
    const Bucket = await it.createVersioned();
    const put = await it.put(Bucket, "test-version-id");
    it.match("put-object", put);
    assert.match(String(put["VersionId"]), /^[A-Za-z0-9._]{32}$/);
  },
  async test_get_object_range(it) {
    const Bucket = await it.create();
    const about = { Bucket, Key: "test-key-range" };
    await it.put(Bucket, about.Key, "0123456789");
    const ranges = ["0-8", "1-1", "1-0", "1-", "-1-", "-2", "-9", "-15", "0-100", "0-0", "0--1", "-"];
    for (const range of ranges) await it.ask(`get-${range}`, "GetObject", { ...about, Range: `bytes=${range}` });
    await it.ask("get-0-8-checksum", "GetObject", { ...about, Range: "bytes=0-8", ChecksumMode: "ENABLED" });
    await it.ask("get-multiple-ranges", "GetObject", { ...about, Range: "bytes=0-1,3-4,7-9" });
    await it.ask("get-wrong-format", "GetObject", { ...about, Range: "0-1" });
    for (const range of ["-0", "100-200"]) await it.refused(`get-${range}`, "GetObject", { ...about, Range: `bytes=${range}` });
    it.match("put-after-failed", await it.put(Bucket, about.Key, "01234567890123456789"));
  },

  async test_object_tagging_crud(it) {
    const about = { Bucket: await it.create(), Key: "test-object-tagging" };
    it.match("put-object", await it.put(about.Bucket, about.Key, "test-tagging"));
    const put = (name: string, TagSet: Input[]) => it.ask(name, "PutObjectTagging", { ...about, Tagging: { TagSet } });
    await it.ask("get-object-tags-empty", "GetObjectTagging", about);
    await put("put-object-tags", [
      { Key: "tag1", Value: "tag1" },
      { Key: "tag2", Value: "" },
    ]);
    await it.ask("get-object-tags", "GetObjectTagging", about);
    await put("put-object-tags-overwrite", [{ Key: "tag3", Value: "tag3" }]);
    await it.ask("get-object-tags-overwritten", "GetObjectTagging", about);
    await it.ask("get-obj-after-tags", "GetObject", about);
    await it.ask("delete-object-tags", "DeleteObjectTagging", about);
    await it.ask("get-object-tags-deleted", "GetObjectTagging", about);
    await it.ask("get-obj-after-tags-deleted", "GetObject", about);
  },
  async test_object_tagging_exc(it) {
    const Bucket = await it.create();
    const Key = "fake-key";
    const places: Record<string, Input> = { bucket: { Bucket: "fake-bucket-of-nobody-13", Key }, key: { Bucket, Key } };
    for (const [name, place] of Object.entries(places)) {
      await it.refused(`get-no-${name}-tags`, "GetObjectTagging", place);
      await it.refused(`delete-no-${name}-tags`, "DeleteObjectTagging", place);
      await it.refused(`put-no-${name}-tags`, "PutObjectTagging", { ...place, Tagging: { TagSet: [] } });
    }
    await it.refused("put-obj-duplicate-tagging", "PutObject", { Bucket, Key, Body: "", Tagging: "key1=val1&key1=val2" });
    await it.refused("put-obj-wrong-format", "PutObject", { Bucket, Key, Body: "", Tagging: "key1=val1,key2=val2" });
  },
  async test_head_object_with_tags(it) {
    const about = { Bucket: await it.create(), Key: "test-put-object-tagging" };
    it.match("put-object", await it.put(about.Bucket, about.Key, "test-tagging", { Tagging: "tag1=tag1&tag2=tag2&tag=" }));
    const tag = (...names: string[]) => ({ ...about, Tagging: { TagSet: names.map((Key) => ({ Key, Value: Key })) } });
    await it.ask("head-obj-after-create", "HeadObject", about);
    await it.ask("put-object-tags", "PutObjectTagging", tag("tag3"));
    await it.ask("head-obj-after-tagging", "HeadObject", about);
    await it.call("PutObjectTagging", tag("tag3", "tag4", "tag5"));
    await it.ask("head-obj-after-overwrite", "HeadObject", about);
    await it.call("PutObjectTagging", tag());
    await it.ask("head-obj-after-removal", "HeadObject", about);
  },
  async test_delete_object_with_no_locking(it) {
    const about = { Bucket: await it.create(), Key: "test-delete-no-lock" };
    await it.put(about.Bucket, about.Key, "test");
    await it.refused("delete-object-bypass-no-lock", "DeleteObject", { ...about, BypassGovernanceRetention: true });
    await it.refused("delete-object-bypass-no-lock-false", "DeleteObject", { ...about, BypassGovernanceRetention: false });
    // What clears buckets, such as the clean-up of S3's public test suite, sends the header for every bucket: here it goes through where nothing is locked.
    it.leave("delete-objects-bypass-no-lock");
  },

  test_delete_object_if_match_non_express: refusedDelete("delete-obj-if-match", { IfMatch: "badvalue" }),

  async test_upload_part_copy_range(it) {
    const Bucket = await it.create();
    it.match("put-src-object", await it.put(Bucket, "src-key", "0123456789"));
    const Key = "test-upload-part-copy";
    const { UploadId } = await it.ask("create-multipart", "CreateMultipartUpload", { Bucket, Key });
    const upload = { Bucket, Key, UploadId };
    const copy = (CopySourceRange: string, PartNumber = 1) => ({ ...upload, PartNumber, CopySource: `${Bucket}/src-key`, CopySourceRange });
    for (const [at, range] of ["0-8", "1-1", "0-0"].entries())
      await it.ask(`upload-part-copy-${at + 1}`, "UploadPartCopy", copy(`bytes=${range}`, at + 1));
    await it.ask("list-parts", "ListParts", upload);
    await it.refused("upload-part-copy-wrong-format", "UploadPartCopy", copy("0-8"));
    for (const range of ["1-0", "-1-", "0--1", "0-1,3-4,7-9", "-", "-0", "0-100", "100-200", "1-", "-2", "-15"])
      await it.refused(`upload-part-copy-range-exc-${range}`, "UploadPartCopy", copy(`bytes=${range}`));
  },
  test_upload_part_copy_with_copy_source_if_match_success: partCopy("upload-part-copy-if-match", false, ({ ETag }) => ({
    CopySourceIfMatch: ETag,
  })),
  test_upload_part_copy_with_copy_source_if_match_none_success: partCopy("upload-part-copy-if-none-match", false, () => ({
    CopySourceIfNoneMatch: "none-match",
  })),
  test_upload_part_copy_with_copy_source_if_unmodified_since_success: partCopy("upload-part-copy-if-unmodified-since", false, () => ({
    CopySourceIfUnmodifiedSince: new Date(Date.now() + DAY_MS),
  })),
  test_upload_part_copy_with_copy_source_if_none_match_failed: partCopy("upload-part-copy-source-if-none-match", true, ({ ETag }) => ({
    CopySourceIfNoneMatch: ETag,
  })),
  test_upload_part_copy_with_copy_source_if_unmodified_since_match_failed: partCopy(
    "upload-part-copy-source-unmodified-since-match",
    true,
    () => ({ CopySourceIfUnmodifiedSince: yesterday() }),
  ),
  test_upload_part_copy_with_copy_source_if_none_match_and_if_unmodified_since_match_failed: partCopy(
    "upload-part-copy-source-unmodified-since-and-if-none-match",
    true,
    () => ({ CopySourceIfNoneMatch: "not-matching", CopySourceIfUnmodifiedSince: yesterday() }),
  ),
  // The time that is named is a whole second, and must not be that of the object.
  test_upload_part_copy_with_if_modified_since_failed: partCopy(
    "upload-part-copy-source-modified-since-match",
    true,
    () => ({ CopySourceIfModifiedSince: new Date() }),
    1.1,
  ),
};
