/** The calls of the recorded tests of forms, by their names without parameters. */
import type { Replay, Scripts } from "./replay.ts";
import type { Fields } from "./signing.ts";

const key = "test-presigned-post-key";
const target = "http://localhost.test/random";
const tag = (name: string, value: string) => `<Tag><Key>${name}</Key><Value>${value}</Value></Tag>`;
const taggings: Readonly<Record<string, string>> = {
  single: `<Tagging><TagSet>${tag("TagName", "TagValue")}</TagSet></Tagging>`,
  list: `<Tagging><TagSet>${tag("TagName", "TagValue")}${tag("TagName2", "TagValue2")}</TagSet></Tagging>`,
  invalid: "<InvalidXmlTagging></InvalidXmlTagging>",
};
const about = { "Content-Type": "text/plain", "x-amz-meta-TEST-2": "test-meta-2", "x-amz-meta-test-1": "test-meta-1" };
const equal = (fields: Fields) => Object.entries(fields).map(([name, value]) => ["eq", `$${name}`, value]);

/** Posts with fields that the policy allows. */
async function post(it: Replay, Bucket: string, body: string, fields: Fields = {}, conditions: unknown[] = equal(fields)) {
  return it.signing.post(Bucket, it.signing.form(key, [{ bucket: Bucket }, ...conditions], fields), body);
}

async function read(it: Replay, name: string, Bucket: string): Promise<void> {
  await it.ask(name, "GetObject", { Bucket, Key: key, ChecksumMode: "ENABLED" });
}

export const formScripts: Scripts = {
  async test_post_object_default_checksum(it) {
    const Bucket = await it.create();
    await post(it, Bucket, "test-body-tagging");
    await it.ask("head-object", "HeadObject", { Bucket, Key: key, ChecksumMode: "ENABLED" });
  },
  async test_post_object_policy_conditions_validation_eq(it) {
    const Bucket = await it.create();
    const redirected = (condition: unknown, value = target) => post(it, Bucket, "abcdef", { success_action_redirect: value }, [condition]);
    const wrong = "http://wrong.location/test";
    it.answered("invalid-condition-eq", await redirected(["eq", "$success_action_redirect", target], wrong));
    it.answered("invalid-condition-missing-prefix", await redirected(["eq", "success_action_redirect", target]));
    it.answered("invalid-condition-wrong-condition", await redirected({ bucket: Bucket, success_action_redirect: target }));
    const cased = target.replace("http", "HTTP");
    it.answered("invalid-condition-wrong-value-casing", await redirected(["eq", "$success_action_redirect", cased]));
    await post(it, Bucket, "abcdef");
    await read(it, "final-object", Bucket);
    const fields = { ...about, Expires: new Date(Date.now() + 600_000).toUTCString() };
    await post(it, Bucket, "abcdef", fields);
    await it.ask("head-object-metadata", "HeadObject", { Bucket, Key: key });
  },
  async test_post_object_policy_conditions_validation_starts_with(it) {
    const Bucket = await it.create();
    const redirected = (start: string, value: string) =>
      post(it, Bucket, "abcdef", { success_action_redirect: value }, [["starts-with", "$success_action_redirect", start]]);
    it.answered("invalid-condition-starts-with", await redirected("http://localhost", "http://wrong.location/test"));
    it.answered("invalid-condition-starts-with-casing", await redirected("http://localhost", "HTTP://localhost.test/random"));
    await post(it, Bucket, "abcdef");
    await read(it, "get-object-1", Bucket);
    await post(it, Bucket, "manual value to change ETag");
    await read(it, "get-object-2", Bucket);
  },
  async test_post_object_policy_validation_size(it) {
    const Bucket = await it.create();
    const ofSize = (size: number, least: unknown = 5) => post(it, Bucket, "a".repeat(size), {}, [["content-length-range", least, 10]]);
    it.answered("invalid-content-length-too-big", await ofSize(12));
    it.answered("invalid-content-length-too-small", await ofSize(1));
    it.answered("invalid-content-length-wrong-type", await ofSize(10, "test"));
    await ofSize(10);
    await read(it, "final-object", Bucket);
  },
  async test_post_object_with_file_as_string(it) {
    const Bucket = await it.create();
    const Key = "test-presigned-post-file-as-field";
    const send = (name: string, body: string) => it.signing.post(Bucket, it.signing.form(name, [{ bucket: Bucket }]), body, false);
    await send(Key, "test-body-file-as-field");
    await it.ask("head-object", "HeadObject", { Bucket, Key });
    await send("file-as-field-${filename}", "test-body-file-as-field-filename-replacement");
    await it.ask("list-objects", "ListObjectsV2", { Bucket });
  },
  async test_post_object_with_metadata(it) {
    const Bucket = await it.create();
    await post(it, Bucket, "test-body-tagging", { ...about, Expires: new Date(Date.now() + 600_000).toUTCString() });
    await it.ask("head-object", "HeadObject", { Bucket, Key: key });
  },
  async test_post_object_with_storage_class(it) {
    const Bucket = await it.create();
    const send = (storage: string) => post(it, Bucket, "test-body-storage-class", { "x-amz-storage-class": storage });
    await send("STANDARD_IA");
    await it.ask("head-object", "HeadObject", { Bucket, Key: key });
    it.answered("invalid-storage-error", await send("FakeClass"));
  },
  async test_post_object_with_tags(it) {
    const Bucket = await it.create();
    await post(it, Bucket, "test-body-tagging", { tagging: taggings[it.parameter]! });
    await it.ask("get-tagging", "GetObjectTagging", { Bucket, Key: key });
  },
  async test_post_object_with_wrong_content_type(it) {
    const url = `${it.signing.endpoint}/${await it.create()}`;
    it.answered("invalid-content-type-error", await it.signing.send("POST", url, { "content-type": "text/html" }, "a=b"));
  },
  async test_post_request_expires(it) {
    const Bucket = await it.create();
    it.answered("exception", await it.signing.post(Bucket, it.signing.form(key, [{ bucket: Bucket }], {}, -1), "file content"));
  },
  async test_post_request_malformed_policy(it) {
    const Bucket = await it.create();
    const fields = it.signing.oldForm(key, [{ bucket: Bucket }]);
    const policy = fields["policy"]!.slice(0, -2);
    it.answered("exception-policy", await it.signing.post(Bucket, { ...fields, policy }, "file content"));
  },
  async test_post_request_missing_fields(it) {
    const Bucket = await it.create();
    const { AWSAccessKeyId: _id, ...fields } = it.signing.oldForm(key, [{ bucket: Bucket }]);
    it.answered("exception-missing-fields", await it.signing.post(Bucket, fields, "file content"));
    const bare = { key, policy: fields["policy"]! };
    it.answered("exception-no-sig-related-fields", await it.signing.post(Bucket, bare, "file content"));
  },
  async test_post_request_missing_signature(it) {
    const Bucket = await it.create();
    const conditions = [{ bucket: Bucket }];
    const fields = it.parameter === "s3" ? it.signing.oldForm(key, conditions) : it.signing.form(key, conditions);
    const unsigned = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.endsWith("signature")));
    it.answered("exception-missing-signature", await it.signing.post(Bucket, unsigned, "file content"));
  },
};
