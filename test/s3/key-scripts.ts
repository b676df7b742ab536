/** The calls of the recorded tests of what keys hold and how they are written, and of versions, by their names without parameters. */
import { documentOf } from "./client.ts";
import type { Replay, Scripts } from "./replay.ts";

const lorem = "Lorem ipsum dolor sit amet, ... ".repeat(30);
const sourceOf = (bucket: string, key: string) => `${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;

async function read(it: Replay, name: string, Bucket: string, Key: string, more: object = {}): Promise<void> {
  await it.ask(name, "GetObject", { Bucket, Key, ChecksumMode: "ENABLED", ...more });
}

export const keyScripts: Scripts = {
  async test_copy_object_special_character(it) {
    const [source, Bucket] = [await it.create(), await it.create()];
    const keys = ["file%2Fname", "test@key/", "test key/", "test key//", "a/%F0%9F%98%80/", "test+key"];
    for (const Key of keys) {
      await it.ask(`put-object-src-special-char-${Key}`, "PutObject", { Bucket: source, Key, Body: "test" });
      const CopySource = sourceOf(source, Key);
      await it.ask(`copy-object-special-char-${Key}`, "CopyObject", { Bucket, Key, CopySource });
    }
    await it.ask("list-object-copy-dest-special-char", "ListObjectsV2", { Bucket });
  },
  async test_s3_copy_object_wrong_format(it) {
    const Bucket = await it.create();
    await it.refused("copy-object-wrong-copy-source", "CopyObject", { Bucket, Key: "key", CopySource: "wrongformat" });
  },
  async test_delete_bucket_with_content(it) {
    const Bucket = await it.create();
    for (let at = 0; at < 10; at++) await it.put(Bucket, `test-key-${at}`, `test-${at}`);
    await it.ask("list-objects", "ListObjects", { Bucket, MaxKeys: 100 });
    // Of all buckets, of which other tests have some.
    it.leave("list-buckets");
  },
  async test_delete_objects_encoding(it) {
    const Bucket = await it.create();
    const bodies = { "a%2Fb": "percent encoding", "a/%F0%9F%98%80": "percent encoded emoji" };
    for (const [Key, body] of Object.entries(bodies)) await it.put(Bucket, Key, body);
    await it.ask("list-objects-before-delete", "ListObjectsV2", { Bucket });
    const Objects = Object.keys(bodies).map((Key) => ({ Key }));
    await it.ask("deleted-resp", "DeleteObjects", { Bucket, Delete: { Objects } });
    await it.ask("list-objects", "ListObjectsV2", { Bucket });
  },
  async test_object_with_slashes_in_key(it) {
    const Bucket = await it.create();
    for (const [key, body] of Object.entries({ "/foo": "foobar", bar: "barfoo", "/bar/foo/": "test" })) await it.put(Bucket, key, body);
    await it.ask("list-objects-slashes", "ListObjectsV2", { Bucket });
  },
  async test_putobject_with_multiple_keys(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "aws/key1/key2/key3", "test");
    await read(it, "get_object", Bucket, "aws/key1/key2/key3");
  },
  async test_etag_on_get_object_call(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "my-key", lorem);
    await read(it, "get_object", Bucket, "my-key");
    await read(it, "get_object_range", Bucket, "my-key", { Range: "bytes=0-16" });
  },
  async test_s3_get_object_header_overrides(it) {
    const Bucket = await it.create();
    await it.put(Bucket, "key-header-overrides", "something");
    await read(it, "get-object", Bucket, "key-header-overrides", {
      ResponseCacheControl: "max-age=74",
      ResponseContentDisposition: 'attachment; filename="foo.jpg"',
      ResponseContentEncoding: "identity",
      ResponseContentLanguage: "de-DE",
      ResponseContentType: "image/jpeg",
      ResponseExpires: new Date("2015-10-21T07:28:00Z"),
    });
  },
  async test_get_object_attributes_with_space(it) {
    const bucket = await it.create();
    await it.put(bucket, "key", "test-body", { ChecksumAlgorithm: "SHA256" });
    const ask = async (attributes: string) => {
      const headers = { "x-amz-object-attributes": attributes };
      const url = it.signing.url({ bucket, key: "key", query: { attributes: "" }, headers });
      return documentOf((await it.signing.send("GET", url, headers)).text);
    };
    it.match("get-attrs-with-whitespace", await ask("ETag, Checksum, ObjectParts, StorageClass, ObjectSize"));
    it.match("get-attrs-without-whitespace", await ask("ETag,Checksum,ObjectParts,StorageClass,ObjectSize"));
  },
  async test_put_bucket_policy(it) {
    const Bucket = await it.create();
    await it.call("DeletePublicAccessBlock", { Bucket });
    const statement = { Action: "s3:GetObject", Effect: "Allow", Resource: `arn:aws:s3:::${Bucket}/*`, Principal: { AWS: "*" } };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await it.ask("put-bucket-policy", "PutBucketPolicy", { Bucket, Policy });
    const found = await it.call("GetBucketPolicy", { Bucket });
    it.match("get-bucket-policy", { ...found, Policy: JSON.parse(String(found["Policy"])) as unknown });
  },
  async test_s3_invalid_content_md5(it) {
    const about = { Bucket: await it.create(), Key: "test-key", Body: "something" };
    const { UploadId } = await it.call("CreateMultipartUpload", about);
    const part = { ...about, UploadId, PartNumber: 1 };
    const wrong = ["__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="];
    for (const [at, ContentMD5] of wrong.entries()) {
      await it.refused(`md5-error-${at}`, "PutObject", { ...about, ContentMD5 });
      await it.refused(`upload-part-md5-error-${at}`, "UploadPart", { ...part, ContentMD5 });
    }
    const other = { ContentMD5: "CYketZBSTjX8czcs3cXVlg==" };
    await it.refused("md5-error-bad-digest", "PutObject", { ...about, ...other });
    await it.refused("upload-part-md5-bad-digest", "UploadPart", { ...part, ...other });
    const right = { ContentMD5: "Q3uTDbhLgHnC3YBKcZNrXw==" };
    await it.ask("success-put-object-md5", "PutObject", { ...about, ...right });
    await it.ask("success-upload-part-md5", "UploadPart", { ...part, ...right });
  },

  async test_get_bucket_versioning_order(it) {
    const Bucket = await it.create();
    await it.ask("list_object_versions_before", "ListObjectVersions", { Bucket });
    it.match("put_bucket_versioning", await it.version(Bucket, "Enabled"));
    await it.ask("get_bucket_versioning", "GetBucketVersioning", { Bucket });
    for (const key of ["test", "test", "test2"]) await it.put(Bucket, key, "body");
    await it.ask("list_object_versions", "ListObjectVersions", { Bucket });
  },
  async test_s3_delete_object_with_version_id(it) {
    const Bucket = await it.createVersioned();
    const Key = "aws/s3/testkey1.txt";
    await it.ask("get_bucket_versioning", "GetBucketVersioning", { Bucket });
    const { VersionId } = await it.put(Bucket, Key, lorem);
    await it.put(Bucket, "aws/s3/testkey2.txt", lorem);
    await it.ask("delete_objects", "DeleteObjects", { Bucket, Delete: { Objects: [{ Key, VersionId }] } });
    await it.ask("list_object_versions_after_delete", "ListObjectVersions", { Bucket });
    await it.version(Bucket, "Suspended");
    await it.ask("get_bucket_versioning_suspended", "GetBucketVersioning", { Bucket });
  },
  async test_s3_copy_object_in_place_versioned(it) {
    const Bucket = await it.createVersioned();
    const about = { Bucket, Key: "source-object" };
    const json = { ContentType: "application/json", Metadata: { key: "value" } };
    await it.ask("put_object", "PutObject", { ...about, Body: '{"key": "value"}', ...json });
    await it.ask("head_object", "HeadObject", about);
    await it.ask("object-attrs", "GetObjectAttributes", { ...about, ObjectAttributes: ["StorageClass"] });
    const copy = { ...about, CopySource: `${Bucket}/source-object` };
    await it.refused("copy-object-in-place-no-change", "CopyObject", copy);
    const replace = (name: string) => it.ask(name, "CopyObject", { ...copy, MetadataDirective: "REPLACE" });
    const check = async (name: string) => {
      await it.ask(`head-${name}`, "HeadObject", about);
      const found = await it.call("GetObject", { ...about, ChecksumMode: "ENABLED" });
      it.match(`get-${name}`, { ...found, Body: JSON.parse(String(found["Body"])) as unknown });
    };
    const { VersionId } = await replace("copy-in-place-versioned");
    await check("object-copied");
    await it.version(Bucket, "Suspended");
    await replace("copy-in-place-versioned-suspended");
    await check("object-copied-suspended");
    await it.ask("head-object-previous-version-suspended", "HeadObject", { ...about, VersionId });
    await it.version(Bucket, "Enabled");
    await replace("copy-in-place-versioned-re-enabled");
  },
  async test_s3_copy_tagging_directive_versioned(it) {
    const Bucket = await it.createVersioned();
    const about = { Bucket, Key: "source-object" };
    const tags = (name: string, Key: string, VersionId?: unknown) => it.ask(name, "GetObjectTagging", { Bucket, Key, VersionId });
    const { VersionId } = await it.ask("put-object", "PutObject", { ...about, Body: "test", Tagging: "key1=value1" });
    await it.ask("put-object-v2", "PutObject", { ...about, Body: "test-v2", Tagging: "key1=value1-v2" });
    await tags("get-object-tag", "source-object");
    await tags("get-object-tag-v1", "source-object", VersionId);
    const TaggingDirective = it.parameter === "None" ? undefined : it.parameter;
    let made = 0;
    const copy = async (kind: string, version: string, Tagging?: string) => {
      const Key = `copy-${++made}`;
      const CopySource = `${Bucket}/source-object${version === "" ? "" : `?versionId=${String(VersionId)}`}`;
      await it.ask(`copy-object${kind}${version}`, "CopyObject", { Bucket, Key, CopySource, TaggingDirective, Tagging });
      await tags(`get-copy-object-tag${kind.replace("-tag", "")}${version}`, Key);
    };
    await copy("", "", "key2=value2");
    await copy("-tag-empty", "");
    await copy("", "-v1", "key2=value2");
    await copy("-tag-empty", "-v1");
  },
};
