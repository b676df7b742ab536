/** The calls of the recorded tests of conditional writes, by their names without parameters. */
import type { Answer, Input } from "../sqs/clients.ts";
import type { Replay, Scripts } from "./replay.ts";

const Key = "test-precondition";
const any = { IfNoneMatch: "*" };

/** An upload of one part, and the input of its completion. */
async function upload(it: Replay, Bucket: string, name?: string): Promise<Input> {
  const input = { Bucket, Key };
  const { UploadId } =
    name === undefined ? await it.call("CreateMultipartUpload", input) : await it.ask(name, "CreateMultipartUpload", input);
  const { ETag } = await it.call("UploadPart", { ...input, UploadId, Body: "test", PartNumber: 1 });
  return { ...input, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } };
}

const complete = (it: Replay, name: string, input: Input) => it.ask(name, "CompleteMultipartUpload", input);
const notComplete = (it: Replay, name: string, input: Input) => it.refused(name, "CompleteMultipartUpload", input);
const remove = (it: Replay, Bucket: string, key = Key) => it.ask("del-obj", "DeleteObject", { Bucket, Key: key });

async function put(it: Replay, name: string, Bucket: string, body = "test", more: Input = {}): Promise<Answer> {
  return it.ask(name, "PutObject", { Bucket, Key, Body: body, ...more });
}

const notPut = (it: Replay, name: string, Bucket: string, more: Input, key = Key) =>
  it.refused(name, "PutObject", { Bucket, Key: key, Body: "", ...more });

/** A copy of an object that every test has, if not of another. */
const copyOf = (Bucket: string, condition: Input, more: Input = {}) => ({
  Bucket,
  Key: "dest-object",
  CopySource: `${Bucket}/source-object`,
  ...condition,
  ...more,
});
const inPlace = { Key: "source-object", MetadataDirective: "REPLACE" };
const putDestination = (it: Replay, name: string, Bucket: string, Body: string) =>
  it.ask(name, "PutObject", { Bucket, Key: "dest-object", Body });

export const writeScripts: Scripts = {
  async test_copy_object_if_match(it) {
    const bucket = await it.create();
    await it.put(bucket, "source-object", "source content");
    const { ETag } = await it.put(bucket, "dest-object", "initial content");
    await it.refused("copy-obj-if-match-fail-wrong-etag", "CopyObject", copyOf(bucket, { IfMatch: "d41d8cd98f00b204e9800998ecf8427e" }));
    await it.refused("copy-obj-if-match-fail-no-object", "CopyObject", copyOf(bucket, { IfMatch: ETag }, { Key: "non-existent-key" }));
    await it.ask("copy-obj-if-match", "CopyObject", copyOf(bucket, { IfMatch: ETag }));
  },
  async test_copy_object_if_match_in_place(it) {
    const bucket = await it.create();
    const { ETag } = await it.put(bucket, "source-object", "source content");
    await it.ask("copy-obj-if-match-in-place", "CopyObject", copyOf(bucket, { IfMatch: ETag }, inPlace));
  },
  async test_copy_object_if_none_match_in_place(it) {
    const bucket = await it.create();
    await it.put(bucket, "source-object", "source content");
    await it.refused("copy-obj-if-none-match-fail", "CopyObject", copyOf(bucket, any, inPlace));
  },
  async test_copy_object_if_match_versioned_bucket(it) {
    const bucket = await it.createVersioned();
    await it.put(bucket, "source-object", "source content");
    const { ETag } = await putDestination(it, "put-obj", bucket, "initial content");
    await remove(it, bucket, "dest-object");
    await it.refused("copy-obj-after-del-exc", "CopyObject", copyOf(bucket, { IfMatch: ETag }));
    const second = await putDestination(it, "put-obj-after-del", bucket, "new content after delete");
    await it.refused("copy-obj-if-match-wrong-etag", "CopyObject", copyOf(bucket, { IfMatch: ETag }));
    await it.ask("copy-obj-if-match", "CopyObject", copyOf(bucket, { IfMatch: second["ETag"] }));
    await it.ask("list-object-versions", "ListObjectVersions", { Bucket: bucket });
  },
  async test_copy_object_if_none_match_versioned_bucket(it) {
    const bucket = await it.createVersioned();
    await it.put(bucket, "source-object", "source content");
    await it.ask("copy-obj", "CopyObject", copyOf(bucket, any));
    await it.refused("copy-obj-if-none-match-fail", "CopyObject", copyOf(bucket, any));
    await remove(it, bucket, "dest-object");
    await it.ask("copy-obj-after-del", "CopyObject", copyOf(bucket, any));
    await it.ask("list-object-versions", "ListObjectVersions", { Bucket: bucket });
  },
  async test_put_object_if_none_match(it) {
    const bucket = await it.create();
    await put(it, "put-obj", bucket, "", any);
    await notPut(it, "put-obj-if-none-match", bucket, any);
    await remove(it, bucket);
    await put(it, "put-obj-after-del", bucket, "", any);
  },
  async test_put_object_if_none_match_validation(it) {
    const bucket = await it.create();
    const { ETag } = await put(it, "put-obj", bucket, "");
    await notPut(it, "put-obj-if-none-match-bad-value", bucket, { IfNoneMatch: ETag });
  },
  async test_multipart_if_none_match_with_delete(it) {
    const bucket = await it.create();
    await put(it, "put-obj", bucket, "", any);
    const first = await upload(it, bucket, "create-multipart");
    await notComplete(it, "complete-multipart-if-none-match", { ...first, ...any });
    await remove(it, bucket);
    await notComplete(it, "complete-multipart-after-del", { ...first, ...any });
    await complete(it, "complete-multipart-after-del-restart", { ...(await upload(it, bucket)), ...any });
  },
  async test_multipart_if_none_match_with_put(it) {
    const bucket = await it.create();
    const first = await upload(it, bucket, "create-multipart");
    await put(it, "put-obj", bucket, "", any);
    await notComplete(it, "complete-multipart-if-none-match-put-during", { ...first, ...any });
  },
  async test_put_object_if_match(it) {
    const bucket = await it.create();
    const { ETag } = await put(it, "put-obj", bucket);
    await notPut(it, "put-obj-if-match-wrong-etag", bucket, { IfMatch: "d41d8cd98f00b204e9800998ecf8427e" });
    await put(it, "put-obj-overwrite", bucket, "", { IfMatch: ETag });
    await remove(it, bucket);
    await notPut(it, "put-obj-if-match-key-not-exists", bucket, { IfMatch: ETag });
    await put(it, "put-obj-after-del", bucket, "");
  },
  async test_put_object_if_match_validation(it) {
    const bucket = await it.create();
    const key = "test-precondition-validation";
    await notPut(it, "put-obj-if-match-star-value", bucket, { IfMatch: "*" }, key);
    await notPut(it, "put-obj-if-match-bad-value", bucket, { IfMatch: "abcdef" }, key);
    await notPut(it, "put-obj-if-match-bad-value-2", bucket, { IfMatch: "bad-char_/" }, key);
  },
  async test_put_object_if_match_and_if_none_match_validation(it) {
    await notPut(it, "put-obj-both-precondition", await it.create(), { ...any, IfMatch: "abcdef" });
  },
  async test_put_object_if_match_versioned_bucket(it) {
    const bucket = await it.createVersioned();
    const { ETag } = await put(it, "put-obj", bucket);
    await notPut(it, "put-obj-if-none-match-bad-value", bucket, { IfMatch: "abcdef" });
    await remove(it, bucket);
    await notPut(it, "put-obj-after-del-exc", bucket, { IfMatch: ETag });
    const second = await put(it, "put-obj-after-del", bucket, "test-after-del");
    await put(it, "put-obj-if-match", bucket, "test-if-match", { IfMatch: second["ETag"] });
    await it.ask("list-object-versions", "ListObjectVersions", { Bucket: bucket });
  },
  async test_multipart_if_match_with_put_identical(it) {
    const bucket = await it.create();
    await put(it, "put-obj", bucket);
    const first = await upload(it, bucket, "create-multipart");
    const { ETag } = await put(it, "put-obj-during", bucket);
    await notComplete(it, "complete-multipart-if-match-put-during", { ...first, IfMatch: ETag });
    const second = await upload(it, bucket, "create-multipart-again");
    await complete(it, "complete-multipart-if-match-put-before-restart", { ...second, IfMatch: ETag });
  },
  async test_multipart_if_match_with_delete(it) {
    const bucket = await it.create();
    const { ETag } = await put(it, "put-obj", bucket);
    const first = await upload(it, bucket, "create-multipart");
    await remove(it, bucket);
    await notComplete(it, "complete-multipart-after-del", { ...first, IfMatch: ETag });
    const second = await put(it, "put-obj-2", bucket);
    await notComplete(it, "complete-multipart-if-match-after-put", { ...first, IfMatch: second["ETag"] });
  },
  async test_multipart_if_match_etag(it) {
    const bucket = await it.create();
    const { ETag } = await put(it, "put-obj", bucket);
    const first = await upload(it, bucket, "create-multipart");
    const completed = await complete(it, "complete-multipart-if-match", { ...first, IfMatch: ETag });
    const second = await upload(it, bucket, "create-multipart-overwrite");
    await notComplete(it, "complete-multipart-if-match-true-etag", { ...second, IfMatch: ETag });
    await complete(it, "complete-multipart-if-match-overwrite-multipart", { ...second, IfMatch: completed["ETag"] });
  },
};
