/** What an app may do with the buckets of its bindings, its own and those of others. test/buckets.test.ts has functions that do it. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ownBucketName } from "../../control/own-buckets.ts";
import { createShares } from "../../control/shares.ts";
import type { Objects } from "../../services/objects/objects.ts";
import { openObjectsForTest } from "../../services/objects/testing/open-objects-for-test.ts";
import type { Share } from "../../store/catalog/share-schema.ts";
import { boundBuckets } from "./bound-buckets.ts";
import { boundObjects } from "./bound-objects.ts";

const about = { headers: {}, metadata: {}, owner: "ten_a" };

function bytes(text: string): AsyncIterable<Uint8Array> {
  return [Buffer.from(text)] as unknown as AsyncIterable<Uint8Array>;
}

async function open(t: TestContext) {
  const objects = openObjectsForTest(t);
  const apps = new Map([["shop", "app_shop"]]);
  let given: Share[] = [];
  const shares = createShares({
    names: {
      holder: (tenant, name) => {
        const id = tenant === "ten_a" ? apps.get(name) : undefined;
        return id === undefined ? undefined : { kind: "app", id };
      },
    },
    manifestOf: (app) => (app === "app_shop" ? { shares: given } : undefined),
  });
  const reaching = (app: string, bindings: object, tenant = "ten_a") =>
    boundObjects(objects, tenant, boundBuckets(shares, { tenant, app: `app_${app}`, appName: app, bindings: bindings as never }));
  const own = reaching("shop", { FILES: { bucket: "files" }, OTHER: { bucket: "other" } });
  await own.put({ bucket: "files", key: "a", about, most: 10, how: "Put" }, bytes("mine"));
  await own.put({ bucket: "other", key: "a", about, most: 10, how: "Put" }, bytes("more"));
  const share = (...now: Share[]) => void (given = now);
  return { objects, apps, share, reaching, own };
}

const BUCKET = "shop.files";

/** By name: all calls that are about a bucket, of those that look and of those that change. */
const looks: Record<string, (on: Objects) => Promise<unknown>> = {
  inBucket: (on) => on.inBucket(BUCKET),
  head: (on) => on.head(BUCKET, "a"),
  versionAt: (on) => on.versionAt(BUCKET, 1),
  read: async (on) => (await on.read(BUCKET, "a")).release(),
  list: (on) => on.list({ bucket: BUCKET, prefix: "", delimiter: "", after: "", most: 10 }),
  listVersions: (on) => on.listVersions({ bucket: BUCKET, prefix: "", delimiter: "", after: "", most: 10 }),
  listUploads: (on) => on.listUploads({ bucket: BUCKET, prefix: "", delimiter: "", after: "", most: 10 }),
  upload: (on) => on.upload(BUCKET, "a", "none"),
  listParts: (on) => on.listParts(BUCKET, "a", "none", 0, 1),
};
const changes: Record<string, (on: Objects) => Promise<unknown>> = {
  put: (on) => on.put({ bucket: BUCKET, key: "b", about, most: 10, how: "Put" }, bytes("theirs")),
  copy: async (on) => {
    const object = await on.read(BUCKET, "a");
    await on.copy({ object }, { bucket: BUCKET, key: "c", about }).finally(() => object.release());
  },
  change: (on) => on.change({ bucket: BUCKET, key: "a", change: { tags: [["x", "y"]] } as never }),
  startUpload: (on) => on.startUpload(BUCKET, "u", { ...about, headers: {} } as never),
  putPart: (on) => on.putPart({ bucket: BUCKET, key: "u", upload: "none", number: 1, most: 10 }, bytes("x")),
  copyPart: async (on) => {
    const object = await on.read(BUCKET, "a");
    await on.copyPart({ object }, { bucket: BUCKET, key: "u", upload: "none", number: 1 }).finally(() => object.release());
  },
  completeUpload: (on) => on.completeUpload({ bucket: BUCKET, key: "u", upload: "none", parts: [] } as never),
  abortUpload: (on) => on.abortUpload(BUCKET, "u", "none"),
  remove: (on) => on.remove({ bucket: BUCKET, key: "c" }),
};

/** Its S3 name, or the code; "done" if there was none. A call may fail for another reason: that there is no such upload. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return code ?? name;
  }
}

async function outcomesOf(on: Objects, calls: typeof looks): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [name, call] of Object.entries(calls)) outcomes[name] = await outcomeOf(call(on));
  return outcomes;
}

function each(calls: object, outcome: string): Record<string, string> {
  return Object.fromEntries(Object.keys(calls).map((name) => [name, outcome]));
}

test("of another app's bucket, an app does what the share says at that moment, with every call of the store", async (t) => {
  const { share, reaching } = await open(t);
  const reports = reaching("reports", { FILES: { bucket: "files", of: "shop" }, OTHER: { bucket: "other", of: "shop" } });
  const settings = () => outcomeOf(reports.setBucket(BUCKET, { policy: "{}" }));
  const names = async () => (await reports.buckets("ten_a", { prefix: "", after: "", most: 10 })).map(({ name }) => name);

  share({ bucket: "other", with: "reports", access: "read" }, { bucket: "files", with: "others", access: "write" });
  assert.deepEqual(await outcomesOf(reports, looks), each(looks, "no-such-bucket"));
  assert.deepEqual(await outcomesOf(reports, changes), each(changes, "no-such-bucket"));
  assert.deepEqual([await settings(), await reports.bucket(BUCKET), await names()], ["no-such-bucket", null, ["shop.other"]]);

  share({ bucket: "files", with: "reports", access: "read" });
  const noUpload = { upload: "no-such-upload", listParts: "no-such-upload" };
  assert.deepEqual(await outcomesOf(reports, looks), { ...each(looks, "done"), ...noUpload });
  assert.deepEqual(await outcomesOf(reports, changes), each(changes, "AccessDenied"));
  assert.deepEqual([await settings(), (await reports.bucket(BUCKET))?.name, await names()], ["AccessDenied", BUCKET, [BUCKET]]);

  share({ bucket: "files", with: "reports", access: "write" });
  assert.deepEqual(await outcomesOf(reports, looks), { ...each(looks, "done"), ...noUpload });
  const made = await outcomesOf(reports, changes);
  for (const name of ["put", "copy", "change", "startUpload", "remove"]) assert.equal(made[name], "done", name);
  for (const name of ["putPart", "copyPart", "completeUpload", "abortUpload"]) assert.equal(made[name], "no-such-upload", name);
  assert.equal(await settings(), "AccessDenied");

  share();
  assert.deepEqual(await outcomesOf(reports, { ...looks, ...changes }), each({ ...looks, ...changes }, "no-such-bucket"));
});

test("a bucket that is not shared, one of an app that is not there, and one of another tenant are told of alike", async (t) => {
  const { apps, objects, share, reaching, own } = await open(t);
  const real = ownBucketName("app_shop", "files");
  const thief = reaching("thief", { A: { bucket: "files", of: "shop" }, B: { bucket: "files", of: "nobody" }, C: { bucket: "files" } });
  const shared = [{ bucket: "files", with: "reports", access: "write" } as const];
  share(...shared);
  for (const name of ["shop.files", "nobody.files", "files.shop", "shop.other", real, "app_shop.files", "constructor", ""])
    assert.equal(await outcomeOf(thief.head(name, "a")), "no-such-bucket", name);
  assert.equal(await outcomeOf(thief.head("files", "a")), "no-such-object");
  // A share is between apps of one tenant: one of that name elsewhere is another app.
  const elsewhere = reaching("reports", { A: { bucket: "files", of: "shop" } }, "ten_b");
  assert.equal(await outcomeOf(elsewhere.head(BUCKET, "a")), "no-such-bucket");
  const reports = reaching("reports", { A: { bucket: "files", of: "shop" } });
  assert.equal(await outcomeOf(reports.head(BUCKET, "a")), "done");
  // Not by its owner's word for it: that is the app's own one.
  assert.equal(await outcomeOf(reports.head("files", "a")), "no-such-bucket");
  // The app is gone, while its bucket still waits to be removed.
  apps.delete("shop");
  assert.notEqual(await objects.bucket(real), null);
  assert.equal(await outcomeOf(reports.head(BUCKET, "a")), "no-such-bucket");
  assert.equal(await outcomeOf(own.head("files", "a")), "done");
});
