/** The calls of the recorded tests of what is read and written in objects, by their names without parameters. */
import { failureOf, type Input } from "../sqs/clients.ts";
import type { Scripts } from "./replay.ts";

const nobody = { Bucket: "does-not-exist-for-anybody" };

export const contentScripts: Scripts = {
  test_get_object_no_such_bucket: (it) => it.refused("expected_error", "GetObject", { ...nobody, Key: "foobar" }),
  test_delete_bucket_no_such_bucket: (it) => it.refused("expected_error", "DeleteBucket", { Bucket: "does-not-exist-localstack-test" }),
  test_get_bucket_notification_configuration_no_such_bucket: (it) =>
    it.refused("expected_error", "GetBucketNotificationConfiguration", nobody),
  async test_get_object_after_deleted_in_versioned_bucket(it) {
    const about = { Bucket: await it.createVersioned(), Key: "my-key" };
    await it.put(about.Bucket, about.Key, "abcdefgh");
    await it.ask("get-object", "GetObject", about);
    await it.call("DeleteObject", about);
    await it.refused("get-object-after-delete", "GetObject", about);
  },
  async test_get_object_attributes_versioned(it) {
    const about = { Bucket: await it.createVersioned(), Key: "key-attrs-versioned" };
    const first = await it.ask("put-obj-v1", "PutObject", { ...about, Body: "69\n420\n" });
    await it.ask("put-obj-v2", "PutObject", { ...about, Body: "version 2" });
    const some = { ...about, ObjectAttributes: ["StorageClass", "ETag", "ObjectSize"] };
    const all = [...some.ObjectAttributes, "ObjectParts", "Checksum"];
    await it.ask("object-attrs", "GetObjectAttributes", { ...about, ObjectAttributes: all });
    await it.ask("delete-key", "DeleteObject", about);
    await it.refused("deleted-object-attrs", "GetObjectAttributes", some);
    await it.ask("get-object-attrs-v1", "GetObjectAttributes", { ...some, VersionId: first["VersionId"] });
  },
  async test_head_object_fields(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "my-key", "abcdefgh");
    await it.ask("head-object", "HeadObject", { Bucket, Key: "my-key" });
    await it.refused("head-object-404", "HeadObject", { Bucket, Key: "doesnotexist" });
  },
  async test_invalid_range_error(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "my-key", "abcdefgh");
    await it.refused("exc", "GetObject", { Bucket, Key: "my-key", Range: "bytes=1024-4096" });
  },
  async test_range_key_not_exists(it) {
    await it.refused("exc", "GetObject", { Bucket: await it.create(), Key: "my-key", Range: "bytes=1024-4096" });
  },
  async test_metadata_header_character_decoding(it) {
    const about = { Bucket: await it.create(), Key: "key-with-metadata" };
    await it.put(about.Bucket, about.Key, "foo", { Metadata: { TEST_META_1: "foo", __meta_2: "bar" } });
    await it.ask("head-object", "HeadObject", about);
  },
  async test_put_and_get_object_with_hash_prefix(it) {
    const about = { Bucket: await it.create(), Key: "#key-with-hash-prefix" };
    await it.ask("put-object", "PutObject", { ...about, Body: "test 123" });
    // The recorded body had been read already.
    it.match("get-object", { ...(await it.call("GetObject", about)), Body: "" });
  },
  async test_put_get_object_special_character(it) {
    const about = { Bucket: await it.create(), Key: it.parameter };
    await it.ask("put-object-special-char", "PutObject", { ...about, Body: "test" });
    await it.ask("list-object-special-char", "ListObjectsV2", { Bucket: about.Bucket });
    await it.ask("get-object-special-char", "GetObject", about);
    await it.ask("del-object-special-char", "DeleteObject", about);
  },
  async test_put_object_storage_class(it) {
    const StorageClass = it.parameter.split("-")[0]!;
    const about = { Bucket: await it.create(), Key: "test-put-object-storage-class" };
    await it.put(about.Bucket, about.Key, "body-test", { StorageClass });
    await it.ask("get-object-storage-class", "GetObjectAttributes", { ...about, ObjectAttributes: ["StorageClass"] });
    // Mayfly has no archive: all content can be read at once, whatever its class is called.
    if (StorageClass === "DEEP_ARCHIVE") it.leave("get-object");
    else await it.ask("get-object", "GetObject", about);
  },
  async test_delete_non_existing_keys(it) {
    const Objects = ["test-key-nonexistent", "dummy1", "dummy2"].map((Key) => ({ Key }));
    const answer = await it.call("DeleteObjects", { Bucket: await it.create(), Delete: { Objects } });
    const Deleted = (answer["Deleted"] as { Key: string }[]).toSorted((one, other) => (one.Key < other.Key ? -1 : 1));
    it.match("deleted-resp", { ...answer, Deleted });
  },
  async test_delete_non_existing_keys_quiet(it) {
    const Objects = ["test-key-nonexistent", "dummy1", "dummy2"].map((Key) => ({ Key }));
    await it.ask("deleted-resp", "DeleteObjects", { Bucket: await it.create(), Delete: { Objects, Quiet: true } });
  },
  test_delete_non_existing_keys_in_non_existing_bucket: (it) =>
    it.refused("error-non-existent-bucket", "DeleteObjects", { ...nobody, Delete: { Objects: [{ Key: "dummy1" }] } }),
  async test_s3_batch_delete_objects(it) {
    const Bucket = await it.create();
    const Objects = Array.from({ length: 5 }, (_, at) => ({ Key: `test-key-${at}` }));
    for (const { Key } of Objects) await it.put(Bucket, Key, "content");
    const answer = await it.call("DeleteObjects", { Bucket, Delete: { Objects } });
    it.match("batch-delete", answer);
    await it.ask("list-remaining-objects", "ListObjects", { Bucket });
  },
  async test_delete_object_tagging(it) {
    const about = { Bucket: await it.create(), Key: "test-key-tagging" };
    await it.put(about.Bucket, about.Key, "something");
    await it.ask("get-obj", "GetObject", about);
    await it.call("DeleteObjectTagging", about);
    await it.ask("get-obj-after-tag-deletion", "GetObject", about);
  },
  async test_put_and_get_object_with_utf8_key(it) {
    const about = { Bucket: await it.create(), Key: "Ā0Ä" };
    await it.ask("put-object", "PutObject", { ...about, Body: "abc123" });
    // The recorded body had been read already.
    it.match("get-object", { ...(await it.call("GetObject", about)), Body: "" });
  },
  async test_url_encoded_key(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "test@key/", "test-non-encoded");
    await it.put(Bucket, "test%40key/", "test-encoded");
    await it.put(Bucket, "test%40key", "test-encoded-no-trailing");
    await it.ask("list-object-encoded-char", "ListObjectsV2", { Bucket });
  },
  async test_s3_put_object_versioned(it) {
    const Bucket = await it.create();
    const [plain, versioned] = ["non-version-bucket-key", "versioned-bucket-key"];
    const put = (name: string, Key: string, Body: string) => it.ask(name, "PutObject", { Bucket, Key, Body });
    const get = (name: string, Key: string) => it.ask(name, "GetObject", { Bucket, Key });
    const list = (name: string) => it.ask(name, "ListObjectVersions", { Bucket });
    await put("put-pre-versioned", plain, "non-versioned-key");
    await get("get-pre-versioned", plain);
    await list("list-object-pre-versioned");
    await it.version(Bucket, "Enabled");
    await get("get-post-versioned", plain);
    await put("put-obj-versioned-1", versioned, "versioned-key");
    await put("put-obj-versioned-2", versioned, "versioned-key-updated");
    await get("get-obj-versioned", versioned);
    await list("list-object-versioned");
    await it.version(Bucket, "Suspended");
    await list("list-bucket-suspended");
    await get("get-obj-versioned-disabled", versioned);
    await get("get-obj-non-versioned-disabled", plain);
    const last = "non-version-bucket-key-post";
    await put("put-non-versioned-post-disable", last, "non-versioned-key-post");
    await get("get-non-versioned-post-disable", last);
  },
  async test_precondition_failed_error(it) {
    const about = { Bucket: await it.create(), Key: "foo" };
    await it.put(about.Bucket, about.Key, "bar");
    await it.refused("get-object-if-match", "GetObject", { ...about, IfMatch: '"not good etag"' });
  },
  async test_range_header_body_length(it) {
    const about = { Bucket: await it.create(), Key: "sample.bin" };
    await it.put(about.Bucket, about.Key, "x".repeat(2_048));
    const read = async (name: string, Range: string) => it.match(name, { ...(await it.call("GetObject", { ...about, Range })), Body: "" });
    await read("get-object", "bytes=0-1023");
    await read("get-object-2", "bytes=1024-2047");
  },
  async test_s3_uppercase_key_names(it) {
    const about = { Bucket: await it.create(), Key: "camelCaseKey" };
    await it.put(about.Bucket, about.Key, "something");
    await it.ask("response", "GetObject", about);
    await it.refused("wrong-case-key", "GetObject", { ...about, Key: "camelcasekey" });
  },
  test_s3_uppercase_bucket_name: (it) => it.refused("uppercase-bucket", "CreateBucket", { Bucket: "TEST-UPPERCASE-BUCKET" }),
  async test_s3_get_object_headers(it) {
    const about = { Bucket: await it.create(), Key: "foo" };
    const { ETag } = await it.put(about.Bucket, about.Key, "something");
    const status = async (name: string, condition: Input) => {
      const { ResponseMetadata } = await it.call("GetObject", { ...about, ...condition });
      it.match(name, (ResponseMetadata as { HTTPStatusCode: number }).HTTPStatusCode);
    };
    const error = async (name: string, condition: Input) =>
      it.match(name, (await failureOf(it.call("GetObject", { ...about, ...condition })))["Error"]);
    const plain = String(ETag).replaceAll('"', "");
    await status("if_match_1", { IfMatch: ETag });
    await status("if_match_2", { IfMatch: plain });
    await error("if_match_err_1", { IfMatch: '"other"' });
    await status("if_none_match_1", { IfNoneMatch: '"other"' });
    await error("if_none_match_err_1", { IfNoneMatch: ETag });
    await error("if_none_match_err_2", { IfNoneMatch: plain });
  },
  async test_multipart_key_validation(it) {
    const upload: Input = { Bucket: await it.create(), Key: "test-key" };
    const { UploadId } = await it.call("CreateMultipartUpload", upload);
    const { ETag } = await it.call("UploadPart", { ...upload, UploadId, PartNumber: 1, Body: "x" });
    const wrong = { ...upload, UploadId, Key: "another-key" };
    await it.refused("upload-part-wrong-key-name", "UploadPart", { ...wrong, PartNumber: 1, Body: "x" });
    await it.refused("list-parts-wrong-key-name", "ListParts", wrong);
    await it.refused("abort-multipart-wrong-key-name", "AbortMultipartUpload", wrong);
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await it.refused("complete-multipart-wrong-key-name", "CompleteMultipartUpload", { ...wrong, MultipartUpload });
  },
  async test_get_object_part(it) {
    const upload: Input = { Bucket: await it.create(), Key: "test.file" };
    const { UploadId } = await it.call("CreateMultipartUpload", upload);
    const Parts: Input[] = [];
    // The first part is as long as the recorded ranges say.
    for (const [at, Body] of ["test content 123".repeat(327_681), "test content 123"].entries()) {
      const { ETag } = await it.call("UploadPart", { ...upload, UploadId, PartNumber: at + 1, Body });
      Parts.push({ ETag, PartNumber: at + 1 });
    }
    await it.ask("multipart-upload", "CompleteMultipartUpload", { ...upload, UploadId, MultipartUpload: { Parts } });
    const part = { ...upload, PartNumber: 2 };
    await it.ask("head-object-part", "HeadObject", part);
    await it.ask("get-object-part", "GetObject", part);
    await it.ask("get-object-part-with-checksum", "GetObject", { ...part, ChecksumMode: "ENABLED" });
    await it.refused("part-doesnt-exist", "GetObject", { ...upload, PartNumber: 10 });
    await it.refused("part-with-range", "GetObject", { ...part, Range: "bytes=0-8" });
    const other = { ...upload, Key: "test-no-multipart" };
    await it.call("PutObject", { ...other, Body: "test-123" });
    await it.refused("part-no-multipart", "GetObject", { ...other, PartNumber: 2 });
    await it.ask("get-obj-no-multipart", "GetObject", { ...other, PartNumber: 1 });
  },
  async test_multipart_complete_multipart_too_small(it) {
    const upload: Input = { Bucket: await it.create(), Key: "test-upload-part-exc" };
    upload["UploadId"] = (await it.call("CreateMultipartUpload", upload))["UploadId"];
    const Parts: Input[] = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await it.ask(`upload-part${PartNumber}`, "UploadPart", { ...upload, PartNumber, Body: "data" });
      Parts.push({ ETag, PartNumber });
    }
    await it.refused("complete-exc-no-parts", "CompleteMultipartUpload", upload);
    await it.refused("complete-exc-too-small", "CompleteMultipartUpload", { ...upload, MultipartUpload: { Parts } });
  },
};
