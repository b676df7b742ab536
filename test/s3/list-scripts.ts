/** The calls of the recorded tests of listings, by their names without parameters. */
import type { Answer } from "../sqs/clients.ts";
import type { Replay, Script, Scripts } from "./replay.ts";

const text = "content 123";
const nested = ["test/foo/bar/123", "test/foo/bar/456", "test/bar/foo/123"];
const folders = ["folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2"];
const odd = [
  "test@key/",
  "test%123",
  "test%percent",
  "test key/",
  "test key//",
  "test%123/",
  "a/%F0%9F%98%80/",
  "date=2026-01-01/",
  "date=2026-02-01/",
  "date=2026-03-01/",
  "date=2026-05-01/",
  "file%2Fname",
];

async function bucketWith(it: Replay, keys: readonly string[], body = text): Promise<string> {
  const bucket = await it.create();
  for (const key of keys) await it.put(bucket, key, body);
  return bucket;
}

/** Three buckets, and the first page of one of them. */
function pageOfBuckets(name: string, more: (it: Replay) => Promise<Record<string, unknown>>): Script {
  return async (it) => {
    for (let at = 0; at < 3; at++) await it.create();
    await it.ask(name, "ListBuckets", { MaxBuckets: 1, ...(await more(it)) });
  };
}

const operations: Readonly<Record<string, string>> = {
  list_multipart_uploads: "ListMultipartUploads",
  list_object_versions: "ListObjectVersions",
  list_objects: "ListObjects",
  list_objects_v2: "ListObjectsV2",
};

export const listScripts: Scripts = {
  async test_list_buckets_by_bucket_region(it) {
    const Prefix = await it.create();
    await it.ask("list-objects-by-bucket-region-empty", "ListBuckets", { Prefix, BucketRegion: "eu-west-3" });
    await it.ask("list-objects-by-bucket-region-not-empty", "ListBuckets", { Prefix, BucketRegion: "us-east-1" });
  },
  async test_list_buckets_by_prefix_with_case_sensitivity(it) {
    const Prefix = await it.create();
    await it.ask("list-objects-by-prefix-empty", "ListBuckets", { Prefix: Prefix.toUpperCase() });
    await it.ask("list-objects-by-prefix-not-empty", "ListBuckets", { Prefix });
  },
  test_list_buckets_when_continuation_token_is_empty: pageOfBuckets("list-objects-with-empty-continuation-token", async () => ({
    ContinuationToken: "",
  })),
  test_list_buckets_with_continuation_token: pageOfBuckets("list-objects-with-continuation", async (it) => ({
    ContinuationToken: (await it.call("ListBuckets", { MaxBuckets: 1 }))["ContinuationToken"],
  })),
  test_list_buckets_with_max_buckets: pageOfBuckets("list-objects-with-max-buckets", async () => ({})),

  async test_list_objects_with_prefix(it) {
    const Bucket = await bucketWith(it, nested.slice(0, 1));
    await it.ask("list-objects", "ListObjects", { Bucket, Prefix: "test/", Delimiter: it.parameter, MaxKeys: 1, EncodingType: "url" });
  },
  async test_list_objects_next_marker(it) {
    const Bucket = await bucketWith(it, ["test_0", "test_1", "test_2"]);
    await it.ask("list-objects-all", "ListObjects", { Bucket });
    const { NextMarker } = await it.ask("list-objects-max-1", "ListObjects", { Bucket, MaxKeys: 1, Delimiter: "/" });
    await it.ask("list-objects-rest", "ListObjects", { Bucket, Marker: NextMarker, MaxKeys: 1 });
    await it.ask("list-objects-marker-empty", "ListObjects", { Bucket, Marker: "", MaxKeys: 1 });
  },
  async test_s3_list_objects_empty_marker(it) {
    await it.ask("list-objects", "ListObjects", { Bucket: await it.create(), Marker: "" });
  },

  async test_list_objects_v2_with_prefix_and_delimiter(it) {
    const Bucket = await bucketWith(it, nested);
    const list = (name: string, Prefix: string, more = {}) =>
      it.ask(name, "ListObjectsV2", { Bucket, Prefix, EncodingType: "url", Delimiter: "/", ...more });
    await list("list-objects-v2-1", "test/");
    await list("list-objects-v2-1-with-max-keys", "test/", { MaxKeys: 1 });
    await list("list-objects-v2-2", "test/foo");
    await list("list-objects-v2-3", "test/foo/bar");
  },
  async test_list_objects_v2_continuation_start_after(it) {
    const Bucket = await bucketWith(
      it,
      Array.from({ length: 12 }, (_, at) => `test_${at}`),
    );
    const list = (name: string, more: object) => it.ask(name, "ListObjectsV2", { Bucket, ...more });
    const { NextContinuationToken: ContinuationToken } = await list("list-objects-v2-max-5", { MaxKeys: 5 });
    await list("list-objects-v2-rest", { ContinuationToken });
    await list("list-objects-start-after", { StartAfter: "test_7", MaxKeys: 2 });
    await list("list-objects-start-after-token", { StartAfter: "test_7", ContinuationToken });
    await it.refused("exc-continuation-token", "ListObjectsV2", { Bucket, ContinuationToken: "" });
  },
  async test_list_objects_v2_continuation_token_safe_chars(it) {
    const Bucket = await bucketWith(it, odd, "");
    const list = (name: string, more: object) => it.ask(name, "ListObjectsV2", { Bucket, ...more });
    const first = await list("list-objects-v2-max-5", { MaxKeys: 5 });
    await list("list-objects-v2-rest", { ContinuationToken: first["NextContinuationToken"] });
    // Without encoding.
    it.match("list-objects-start-after", await plainV2(it, { Bucket, StartAfter: "date=2026-02-01/", MaxKeys: 2 }));
    await list("list-objects-start-after-encoded", { StartAfter: "date%3D2026-02-01/", MaxKeys: 2 });
    await list("list-objects-start-after-url-type", { StartAfter: "date=2026-02-01/", MaxKeys: 2, EncodingType: "url" });
    const upTo = await it.call("ListObjectsV2", { Bucket, MaxKeys: 3 });
    const rest = { ContinuationToken: upTo["NextContinuationToken"], MaxKeys: 2 };
    await list("list-objects-start-after-token", rest);
    await list("list-objects-continuation-token-2", rest);
  },
  async test_list_ops_encoding_type_validation(it) {
    const Bucket = await it.create();
    for (const [name, EncodingType] of Object.entries({ wrong: "value", empty: "" }))
      await it.refused(`${it.parameter}-error-${name}-value`, operations[it.parameter]!, { Bucket, EncodingType });
  },

  async test_list_object_versions_pagination_common_prefixes(it) {
    const Bucket = await it.createVersioned();
    for (const key of folders) await it.put(Bucket, key, text);
    await it.ask("list-object-versions-all-keys", "ListObjectVersions", { Bucket });
    const list = (name: string, KeyMarker?: unknown) =>
      it.ask(`list-object-versions-${name}`, "ListObjectVersions", { Bucket, Prefix: "folder/", Delimiter: "/", MaxKeys: 1, KeyMarker });
    const start = await list("start");
    const next = await list("next-1", start["NextKeyMarker"]);
    await list("end", next["NextKeyMarker"]);
    await list("manual-first-file", folders[0]);
  },
  async test_list_objects_versions_with_prefix(it) {
    const Bucket = await it.createVersioned();
    await it.put(Bucket, "dir/test", "content key1-v1");
    await it.put(Bucket, "dir/test", "content key-1v2");
    await it.put(Bucket, "dir/subdir/test2", "content key2-v1");
    await it.put(Bucket, "dir/subdir/test2", "content key2-v2");
    const prefixes = ["dir/", "dir/s", "dir/test", "dir/subdir", "dir/subdir/", "dir/subdir/test2"];
    for (const [at, Prefix] of prefixes.entries())
      await it.ask(`list-object-version-${at + 1}`, "ListObjectVersions", { Bucket, Delimiter: "/", Prefix });
    it.match(
      "list-objects-versions-no-encoding",
      await it.client.document("ListObjectVersions", { Bucket, Prefix: "dir/subdir", Delimiter: "/" }),
    );
  },
  async test_list_objects_versions_with_prefix_only_and_pagination(it) {
    const Bucket = await it.createVersioned();
    for (let at = 0; at < 5; at++) await it.put(Bucket, "prefixed_key");
    await it.put(Bucket, "non_prefixed_key");
    const list = (name: string, more: object) =>
      it.ask(`list-object-version-prefix-${name}`, "ListObjectVersions", { Bucket, Prefix: "prefix", ...more });
    await list("full", {});
    const page = await list("page-1", { MaxKeys: 3 });
    const markers = { KeyMarker: page["NextKeyMarker"], VersionIdMarker: page["NextVersionIdMarker"] };
    await list("key-marker-only", { MaxKeys: 4, KeyMarker: page["NextKeyMarker"] });
    await list("page-2", { MaxKeys: 5, ...markers });
    const Objects = (page["Versions"] as Answer[]).map(({ Key, VersionId }) => ({ Key, VersionId }));
    await it.call("DeleteObjects", { Bucket, Delete: { Objects } });
    await list("page-2-after-delete", { MaxKeys: 5, ...markers });
  },

  async test_list_multiparts_next_marker(it) {
    const Bucket = await it.create();
    await it.ask("list-multiparts-empty", "ListMultipartUploads", { Bucket });
    const ids: unknown[] = [];
    for (const Key of ["test_c", "test_b", "test_a", "test_a", "test_a"])
      ids.push((await it.call("CreateMultipartUpload", { Bucket, Key }))["UploadId"]);
    it.match("upload-ids-order", { UploadIds: ids.map((UploadId) => ({ UploadId })) });
    await it.ask("list-multiparts-all", "ListMultipartUploads", { Bucket });
    const list = (name: string, more: object) =>
      it.ask(`list-multiparts-${name}`, "ListMultipartUploads", { Bucket, MaxUploads: 1, ...more });
    const first = await list("max-1", {});
    const [KeyMarker, UploadIdMarker] = [first["NextKeyMarker"], first["NextUploadIdMarker"]];
    await list("next-key-only", { KeyMarker });
    await list("next-key-last", { KeyMarker: "test_c" });
    await list("next-upload-only", { UploadIdMarker });
    await list("both-markers", { KeyMarker, UploadIdMarker });
    await list("both-markers-2", { KeyMarker, UploadIdMarker: ids[4] });
    await list("get-last-upload-no-truncate", { KeyMarker: "test_b", UploadIdMarker: ids[1] });
    const wrong = { Bucket, MaxUploads: 1, KeyMarker: "test_c", UploadIdMarker: ids[1] };
    await it.refused("list-multiparts-wrong-id-for-key", "ListMultipartUploads", wrong);
    await list("next-key-empty", { KeyMarker: "" });
  },
  async test_list_multiparts_with_prefix_and_delimiter(it) {
    const Bucket = await it.create();
    for (const Key of nested) await it.call("CreateMultipartUpload", { Bucket, Key });
    for (const [at, Prefix] of ["test/", "test/foo/", "test/foo/bar"].entries())
      await it.ask(`list-multiparts-${at + 1}`, "ListMultipartUploads", { Bucket, Prefix, EncodingType: "url", Delimiter: "/" });
    it.match("list-multiparts-no-encoding", await it.client.document("ListMultipartUploads", { Bucket, Prefix: "test/foo" }));
  },
  async test_list_parts_pagination(it) {
    const Bucket = await it.create();
    const Key = "test-list-part-pagination";
    const { UploadId } = await it.call("CreateMultipartUpload", { Bucket, Key });
    const list = (name: string, more: object) => it.ask(`list-parts-${name}`, "ListParts", { Bucket, Key, UploadId, ...more });
    await list("empty", {});
    for (const PartNumber of [1, 2]) await it.call("UploadPart", { Bucket, Key, UploadId, PartNumber, Body: "data" });
    await list("all", {});
    const first = await list("1", { MaxParts: 1 });
    await list("next", { MaxParts: 1, PartNumberMarker: String(first["NextPartNumberMarker"]) });
    await list("wrong-part", { MaxParts: 1, PartNumberMarker: "10" });
  },
};

/** By a client that asks for no encoding. */
function plainV2(it: Replay, input: Record<string, unknown>): Promise<Answer> {
  return it.client.call("ListObjectsV2", { ...input, EncodingType: null });
}
