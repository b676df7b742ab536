/** The calls of the recorded tests of lifecycles, by their names without parameters. */
import type { Answer, Input } from "../sqs/clients.ts";
import type { Replay, Scripts } from "./replay.ts";

const Key = "test-object-expiry";
const rule = (ID: string, Filter: Input, Expiration: Input = { Days: 7 }) => ({ ID, Filter, Status: "Enabled", Expiration });
const whole = rule("wholebucket", { Prefix: "" });

async function set(it: Replay, Bucket: string, ...Rules: Input[]): Promise<void> {
  await it.call("PutBucketLifecycleConfiguration", { Bucket, LifecycleConfiguration: { Rules } });
  await it.ask("get-bucket-lifecycle-conf", "GetBucketLifecycleConfiguration", { Bucket });
}

function puts(it: Replay, name: string, Bucket: string, key: string, Tagging?: string): Promise<Answer> {
  return it.ask(name, "PutObject", { Bucket, Key: key, Body: "test", Tagging });
}

export const lifecycleScripts: Scripts = {
  async test_bucket_lifecycle_configuration_date(it) {
    await set(it, await it.create(), rule("rule_number_one", {}, { Date: new Date("2023-01-01T00:00:00Z") }));
  },
  async test_bucket_lifecycle_configuration_object_expiry(it) {
    const Bucket = await it.create();
    await set(it, Bucket, rule("rule_number_one", { Prefix: "" }));
    await it.put(Bucket, Key, "test");
    await it.ask("head-object-expiry", "HeadObject", { Bucket, Key });
    await it.ask("get-object-expiry", "GetObject", { Bucket, Key, ChecksumMode: "ENABLED" });
  },
  async test_bucket_lifecycle_configuration_object_expiry_versioned(it) {
    const Bucket = await it.createVersioned();
    await set(it, Bucket, { ...rule("rule2", {}, { Days: 3 }), NoncurrentVersionExpiration: { NoncurrentDays: 1 } });
    const { VersionId: first } = await it.put(Bucket, Key, "test");
    await it.ask("head-object-expiry", "HeadObject", { Bucket, Key });
    const { VersionId: second } = await it.put(Bucket, Key, "test");
    await it.ask("head-object-expiry-noncurrent", "HeadObject", { Bucket, Key, VersionId: first });
    await it.ask("head-object-expiry-current-with-version-id", "HeadObject", { Bucket, Key, VersionId: second });
    await it.ask("head-object-expiry-current-without-version-id", "HeadObject", { Bucket, Key });
  },
  async test_bucket_lifecycle_multiple_rules(it) {
    const Bucket = await it.create();
    const start = (ID: string, Prefix: string) => rule(ID, { Prefix });
    await set(it, Bucket, start("rule_one", "testobject"), start("rule_two", "test"), start("rule_three", "t"));
    await puts(it, "put-object-match-both-rules", Bucket, "testobject-expiry");
    await puts(it, "put-object-match-rule-2", Bucket, "test-one-rule");
    await puts(it, "put-object-no-match", Bucket, "no-rules");
  },
  async test_bucket_lifecycle_tag_rules(it) {
    const Bucket = await it.create();
    const first = { Key: "testlifecycle", Value: "positive" };
    const second = { Key: "testlifecycletwo", Value: "positive-two" };
    await set(it, Bucket, rule("rule_one", { Tag: first }), rule("rule_two", { And: { Tags: [first, second] } }));
    const check = async (name: string, key: string, tags?: string) => {
      await puts(it, `put-object-${name}`, Bucket, key, tags);
      await it.ask(`get-object-${name}`, "GetObject", { Bucket, Key: key, ChecksumMode: "ENABLED" });
    };
    await check("match-both-rules", "testobject-expiry", "testlifecycle=positive&testlifecycletwo=positivetwo");
    await check("match-rule-1", "test-one-rule", "testlifecycle=positive");
    await check("no-match", "no-rules", "testlifecycle2=positivetwo");
    await check("no-tags", "no-tags");
  },
  async test_delete_bucket_lifecycle_configuration(it) {
    const Bucket = await it.create();
    await it.ask("delete-bucket-lifecycle-no-bucket", "DeleteBucketLifecycle", { Bucket });
    await it.refused("get-bucket-lifecycle-exc-1", "GetBucketLifecycleConfiguration", { Bucket });
    await set(it, Bucket, whole);
    await it.call("DeleteBucketLifecycle", { Bucket });
    await it.refused("get-bucket-lifecycle-exc-2", "GetBucketLifecycleConfiguration", { Bucket });
  },
  async test_delete_lifecycle_configuration_on_bucket_deletion(it) {
    const Bucket = await it.create();
    await set(it, Bucket, whole);
    await it.call("DeleteBucket", { Bucket });
    await it.call("CreateBucket", { Bucket });
    await it.refused("get-bucket-lifecycle-exc", "GetBucketLifecycleConfiguration", { Bucket });
  },
  async test_object_expiry_after_bucket_lifecycle_configuration(it) {
    // Recorded before objects had checksums of the service.
    const put = async (name: string) => {
      const { ChecksumCRC32: _sum, ChecksumType: _type, ...rest } = await it.put(Bucket, Key, "test");
      it.match(name, rest);
    };
    const Bucket = await it.create();
    await put("put-object-before");
    await set(it, Bucket, rule("rule3", {}));
    await it.ask("head-object-expiry-before", "HeadObject", { Bucket, Key });
    await put("put-object-after");
    await it.ask("head-object-expiry-after", "HeadObject", { Bucket, Key });
  },
};
