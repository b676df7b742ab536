/** The calls of the recorded tests of copies, by their names without parameters. */
import type { Replay, Scripts } from "./replay.ts";

const source = "source-object";
const json = { Body: '{"key": "value"}', ContentType: "application/json", Metadata: { key: "value" } };

async function attributes(it: Replay, name: string, Bucket: string, Key: string, attribute: string): Promise<void> {
  await it.ask(name, "GetObjectAttributes", { Bucket, Key, ObjectAttributes: [attribute] });
}

/** In which access control lists count. */
async function withLists(it: Replay): Promise<string> {
  const Bucket = await it.create({ ObjectOwnership: "ObjectWriter" });
  await it.call("DeletePublicAccessBlock", { Bucket });
  return Bucket;
}

export const copyScripts: Scripts = {
  async test_s3_copy_object_in_place(it) {
    const Bucket = await withLists(it);
    const about = { Bucket, Key: source };
    const copy = { ...about, CopySource: `${Bucket}/${source}` };
    await it.ask("put_object", "PutObject", { ...about, ...json });
    await it.ask("head_object", "HeadObject", about);
    await attributes(it, "object-attrs", Bucket, source, "StorageClass");
    await it.refused("copy-object-in-place-no-change", "CopyObject", copy);
    const same = { ...copy, ChecksumAlgorithm: "SHA256", StorageClass: "STANDARD" };
    await it.ask("copy-object-in-place-with-storage-class", "CopyObject", same);
    await attributes(it, "object-attrs-after-copy", Bucket, source, "StorageClass");
    await it.ask("object-acl", "GetObjectAcl", about);
    await it.refused("copy-object-in-place-with-acl", "CopyObject", { ...copy, ACL: "public-read" });
  },
  async test_copy_in_place_with_bucket_encryption(it) {
    const Bucket = await it.create();
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: false }];
    await it.ask("put-bucket-encryption", "PutBucketEncryption", { Bucket, ServerSideEncryptionConfiguration: { Rules } });
    await it.ask("put-obj", "PutObject", { Bucket, Key: source, Body: "" });
    await it.ask("copy-obj", "CopyObject", { Bucket, Key: source, CopySource: `${Bucket}/${source}` });
  },
  async test_s3_copy_object_in_place_storage_class(it) {
    const Bucket = await it.create();
    const about = { Bucket, Key: source };
    await it.ask("put-object", "PutObject", { ...about, Body: "test", StorageClass: "STANDARD" });
    await it.ask("head-object", "HeadObject", about);
    await attributes(it, "object-attrs", Bucket, source, "StorageClass");
    const copy = { ...about, CopySource: `${Bucket}/${source}`, StorageClass: "STANDARD" };
    await it.ask("copy-object-in-place-with-storage-class", "CopyObject", copy);
    await attributes(it, "object-attrs-after-copy", Bucket, source, "StorageClass");
  },
  async test_s3_copy_object_storage_class(it) {
    const Bucket = await it.create();
    const about = { Bucket, Key: source };
    await it.ask("put-object", "PutObject", { ...about, Body: "test", StorageClass: "STANDARD_IA" });
    await it.ask("head-object", "HeadObject", about);
    await attributes(it, "object-attrs", Bucket, source, "StorageClass");
    const copy = { Bucket, Key: "dest-object", CopySource: `${Bucket}/${source}` };
    await it.ask("copy-object-in-place-with-storage-class", "CopyObject", copy);
    await attributes(it, "object-attrs-after-copy", Bucket, "dest-object", "StorageClass");
    await it.refused("exc-invalid-request-storage-class", "CopyObject", { ...copy, Key: source });
  },
  async test_s3_copy_object_with_checksum(it) {
    const Bucket = await it.create();
    const about = { Bucket, Key: source };
    await it.ask("put-object-no-checksum", "PutObject", { ...about, ...json });
    await attributes(it, "object-attrs", Bucket, source, "Checksum");
    const copy = { Bucket, CopySource: `${Bucket}/${source}` };
    const change = { ChecksumAlgorithm: it.parameter, Metadata: { key1: "value1" }, MetadataDirective: "REPLACE" };
    await it.ask("copy-object-in-place-with-checksum", "CopyObject", { ...copy, Key: source, ...change });
    await attributes(it, "object-attrs-after-copy", Bucket, source, "Checksum");
    await it.ask("copy-object-to-dest-keep-checksum", "CopyObject", { ...copy, Key: "dest-object" });
  },
  async test_s3_copy_tagging_directive(it) {
    const Bucket = await it.create();
    const tags = (name: string, Key: string) => it.ask(name, "GetObjectTagging", { Bucket, Key });
    await it.ask("put-object", "PutObject", { Bucket, Key: source, Body: "test", Tagging: "key1=value1" });
    await tags("get-object-tag", source);
    const TaggingDirective = it.parameter === "None" ? undefined : it.parameter;
    const copy = { Bucket, CopySource: `${Bucket}/${source}`, TaggingDirective };
    await it.ask("copy-object", "CopyObject", { ...copy, Key: "copy", Tagging: "key2=value2" });
    await tags("get-copy-object-tag", "copy");
    await it.ask("copy-object-tag-empty", "CopyObject", { ...copy, Key: "copy-2" });
    await tags("get-copy-object-tag-empty", "copy-2");
  },

  async test_s3_multipart_upload_acls(it) {
    const Bucket = await withLists(it);
    await it.call("PutBucketAcl", { Bucket, ACL: "public-read" });
    await it.ask("bucket-acl", "GetBucketAcl", { Bucket });
    const upload = async (Key: string, ACL?: string) => {
      const { UploadId } = await it.call("CreateMultipartUpload", { Bucket, Key, ACL });
      const { ETag } = await it.call("UploadPart", { Bucket, Key, UploadId, PartNumber: 1, Body: "test" });
      await it.call("CompleteMultipartUpload", { Bucket, Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } });
    };
    await it.put(Bucket, "acl-key0", "something");
    await upload("acl-key1");
    await upload("acl-key2", "public-read-write");
    for (const at of [0, 1, 2]) await it.ask(`permission-acl-key${at}`, "GetObjectAcl", { Bucket, Key: `acl-key${at}` });
  },
  async test_s3_object_acl_exceptions(it) {
    const about = { Bucket: await it.create(), Key: "object-key-acl" };
    const { Owner } = (await it.call("ListBuckets", {})) as { Owner: { ID: string } };
    await it.put(about.Bucket, about.Key);
    const URI = "http://acs.amazonaws.com/groups/s3/LogDelivery";
    const noGroup = "http://acs.amazonaws.com/groups/s3/FakeGroup";
    const refused = (name: string, input: object) => it.refused(`put-object-${name}`, "PutObjectAcl", { ...about, ...input });
    const policy = (name: string, owner: object | undefined, Grantee: object, Permission: string) =>
      refused(name, { AccessControlPolicy: { Owner: owner, Grants: [{ Grantee, Permission }] } });
    await it.refused("put-object-canned-acl", "PutObject", { ...about, Body: "", ACL: "fake-acl" });
    await refused("acl-canned-acl", { ACL: "fake-acl" });
    await refused("grant-acl-fake-uri", { GrantWrite: `uri="${noGroup}"` });
    await refused("grant-acl-fake-key", { GrantWrite: 'fakekey="1234"' });
    await refused("grant-acl-wrong-id", { GrantWrite: 'id="wrong-id"' });
    await policy("acp-acl-1", undefined, { URI, Type: "Group" }, "WRITE");
    await policy("acp-acl-2", Owner, { URI, Type: "Group" }, "WRONG-PERMISSION");
    await policy("acp-acl-3", { ID: "wrong-id" }, { URI, Type: "Group" }, "FULL_CONTROL");
    await policy("acp-acl-4", Owner, { URI: noGroup, Type: "Group" }, "FULL_CONTROL");
    await policy("acp-acl-5", Owner, { ID: "wrong-id", Type: "CanonicalUser" }, "FULL_CONTROL");
    await policy("acp-acl-6", Owner, { ID: "wrong-id", Type: "BadType" }, "FULL_CONTROL");
    await refused("empty-acp", { AccessControlPolicy: {} });
    await refused("acl-empty", {});
    await refused("two-type-acl", { ACL: "private", GrantRead: `uri="${URI}"` });
    const Grants = [{ Grantee: { ID: Owner.ID, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }];
    await refused("two-type-acl-acp", { ACL: "private", AccessControlPolicy: { Owner, Grants } });
  },
  async test_s3_object_acl(it) {
    const about = { Bucket: await withLists(it), Key: "object-key-acl" };
    const { Owner } = await it.call("ListBuckets", {});
    const logs = "http://acs.amazonaws.com/groups/s3/LogDelivery";
    await it.ask("put-object-default-acl", "PutObject", { ...about, Body: "" });
    await it.ask("get-object-acl-default", "GetObjectAcl", about);
    await it.ask("put-object-acl", "PutObjectAcl", { ...about, ACL: "public-read" });
    await it.ask("get-object-acl", "GetObjectAcl", about);
    await it.call("PutObjectAcl", { ...about, GrantRead: `uri="${logs}"` });
    await it.ask("get-object-grant-acl", "GetObjectAcl", about);
    const Grants = [
      { Grantee: { ID: (Owner as { ID: string }).ID, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" },
      { Grantee: { URI: logs, Type: "Group" }, Permission: "WRITE" },
    ];
    await it.call("PutObjectAcl", { ...about, AccessControlPolicy: { Owner, Grants } });
    await it.ask("get-object-acp-acl", "GetObjectAcl", about);
  },
};
