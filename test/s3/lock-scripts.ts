/** The calls of the recorded tests of locked objects, by their names without parameters. */
import { setTimeout } from "node:timers/promises";
import type { Replay, Scripts } from "./replay.ts";

const DAY_MS = 86_400_000;
const after = (ms: number) => new Date(Date.now() + ms);
const locked = (it: Replay) => it.create({ ObjectLockEnabledForBucket: true });
const governed = (ms: number) => ({ Mode: "GOVERNANCE", RetainUntilDate: after(ms) });

export const lockScripts: Scripts = {
  async test_s3_object_retention_exc(it) {
    const about = { Bucket: await locked(it), Key: "key" };
    const plain = { Bucket: await it.create(), Key: "key" };
    const Retention = governed(10 * DAY_MS);
    await it.refused("put-object-retention-no-bucket", "PutObjectRetention", { Bucket: "nobody-has-this-bucket", Key: "key", Retention });
    await it.refused("put-object-retention-no-key", "PutObjectRetention", { ...about, Key: "non-existing-key", Retention });
    await it.put(about.Bucket, about.Key, "test");
    await it.refused("put-object-missing-retention-fields", "PutObjectRetention", { ...about, Retention: { Mode: "GOVERNANCE" } });
    await it.refused("get-object-retention-never-set", "GetObjectRetention", about);
    await it.call("PutObjectRetention", { ...about, Retention });
    await it.refused("update-retention-no-bypass", "PutObjectRetention", { ...about, Retention: governed(DAY_MS) });
    // AWS writes the time of the argument in words of its own.
    it.leave("update-retention-past-date");
    const bad = { Mode: "BAD-VALUE", RetainUntilDate: after(DAY_MS) };
    await it.refused("update-retention-bad-value", "PutObjectRetention", { ...about, Retention: bad });
    await it.put(plain.Bucket, plain.Key, "test");
    await it.refused("put-object-retention-regular-bucket", "PutObjectRetention", { ...plain, Retention });
    await it.refused("get-object-retention-regular-bucket", "GetObjectRetention", plain);
  },
  async test_bucket_config_default_retention(it) {
    const Bucket = await locked(it);
    const DefaultRetention = { Mode: "GOVERNANCE", Days: 1 };
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } };
    await it.ask("put-lock-config", "PutObjectLockConfiguration", { Bucket, ObjectLockConfiguration });
    const one = { Bucket, Key: "test-default-lock" };
    await it.ask("put-object-default", "PutObject", { ...one, Body: "test-default-lock" });
    await it.ask("head-object-default", "HeadObject", one);
    const other = { Bucket, Key: "test-put-object-lock", Body: "test-put-object-lock", ObjectLockMode: "GOVERNANCE" };
    await it.refused("put-object-with-lock-no-date", "PutObject", other);
    await it.ask("put-object-with-lock", "PutObject", { ...other, ObjectLockRetainUntilDate: after(2 * DAY_MS) });
    await it.ask("head-object-with-lock", "HeadObject", { Bucket, Key: other.Key });
  },
  async test_s3_copy_object_retention_lock(it) {
    const about = { Bucket: await locked(it), Key: "source-object" };
    const { Mode: ObjectLockMode, RetainUntilDate: ObjectLockRetainUntilDate } = governed(DAY_MS);
    const lock = { ObjectLockMode, ObjectLockRetainUntilDate };
    await it.ask("put-source-object", "PutObject", { ...about, Body: '{"key": "value"}', ...lock });
    await it.ask("head-source-object", "HeadObject", about);
    const copy = { ...about, Key: "dest-key" };
    await it.ask("copy-lock", "CopyObject", { ...copy, CopySource: `${about.Bucket}/${about.Key}` });
    await it.ask("head-dest-key", "HeadObject", copy);
  },
  async test_s3_object_retention(it) {
    const about = { Bucket: await locked(it), Key: "test-retention-locked-object" };
    const first = await it.ask("put-obj-locked-1", "PutObject", { ...about, Body: "test" });
    const version = { ...about, VersionId: first["VersionId"] };
    await it.ask("put-object-retention-on-key-1", "PutObjectRetention", { ...version, Retention: governed(5 * DAY_MS) });
    await it.ask("get-object-retention-on-key-1", "GetObjectRetention", version);
    await it.ask("head-object-locked", "HeadObject", version);
    await it.refused("delete-obj-locked", "DeleteObject", version);
    await it.refused("update-retention-locked-object", "PutObjectRetention", { ...version, Retention: governed(DAY_MS) });
    const shorter = { ...version, Retention: governed(DAY_MS), BypassGovernanceRetention: true };
    await it.ask("update-retention-object", "PutObjectRetention", shorter);
    await it.ask("delete-obj-locked-bypass", "DeleteObject", { ...version, BypassGovernanceRetention: true });
    const second = await it.ask("put-obj-locked-2", "PutObject", { ...about, Body: "test" });
    await it.ask("put-object-empty-retention", "PutObjectRetention", { ...about, VersionId: second["VersionId"], Retention: {} });
  },
  async test_s3_object_retention_compliance_mode(it) {
    const about = { Bucket: await locked(it), Key: "test-retention-compliance" };
    const { VersionId } = await it.ask("put-obj-locked-1", "PutObject", { ...about, Body: "test" });
    const version = { ...about, VersionId };
    const bypass = { ...version, BypassGovernanceRetention: true };
    const until = after(3_000);
    const retention = (Mode: string, RetainUntilDate: Date) => ({ ...bypass, Retention: { Mode, RetainUntilDate } });
    await it.ask("add-compliance-retention", "PutObjectRetention", retention("COMPLIANCE", until));
    await it.refused("delete-locked-1", "DeleteObject", bypass);
    await it.ask("put-delete-marker", "DeleteObject", about);
    await it.refused("delete-locked-2", "DeleteObject", version);
    await it.refused("update-retention-less-restrictive", "PutObjectRetention", retention("GOVERNANCE", until));
    await it.refused("update-retention-shortened", "PutObjectRetention", retention("COMPLIANCE", new Date(until.getTime() - 1_000)));
    await setTimeout(until.getTime() - Date.now() + 1_000);
    await it.ask("delete-obj-after-lock-expiration", "DeleteObject", version);
  },
};
