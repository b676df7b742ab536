import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { InlineCommit } from "../../store/group-commit/testing/inline-commit.ts";
import { openContentFiles } from "./content/content-files.ts";
import { objectsOver } from "./objects-over.ts";
import { engine, type ObjectOperations } from "./store/engine.ts";
import { about, putInto, serverKey } from "./testing/describe-objects.ts";
import { deliverNotices, expire } from "./upkeep.ts";

const DAY = 86_400_000;

async function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-objects-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const index = new InlineCommit<ObjectOperations>(engine);
  afterwards(t, () => index.close());
  const clock = { now: 10 * DAY + 1 };
  const limits = { bytes: 1e12, objects: 1e9, buckets: 100 };
  const files = openContentFiles(folder, () => clock.now);
  const objects = objectsOver({
    index,
    files,
    limitsOf: () => limits,
    serverKey: () => serverKey,
    now: () => clock.now,
    written: () => {},
  });
  await objects.createBucket({ name: "b", tenant: "ten_a", region: "us-east-1", isLocked: false });
  return { index, objects, clock };
}

test("objects expire at the midnight after their days, if they fit the rule", async (t) => {
  const { index, objects, clock } = await open(t);
  const rule = { id: "r", isEnabled: true, filter: { prefix: "tmp/", tags: { keep: "no" } }, expiration: { days: 2 } };
  await objects.setBucket("b", { lifecycle: [rule] });
  await putInto(objects, "tmp/a", "1", { about: { ...about, tags: { keep: "no" } } });
  await putInto(objects, "tmp/b", "1");
  await putInto(objects, "c", "1", { about: { ...about, tags: { keep: "no" } } });
  const keys = async () =>
    (await objects.list({ bucket: "b", prefix: "", delimiter: "", after: "", most: 10 })).objects.map(({ key }) => key);
  await expire(index, objects, 13 * DAY - 1);
  assert.deepEqual(await keys(), ["c", "tmp/a", "tmp/b"]);
  clock.now = 13 * DAY;
  await expire(index, objects, clock.now);
  assert.deepEqual(await keys(), ["c", "tmp/b"]);
});

test("a change is told to whom its rules name; what cannot be delivered stays and holds up nothing", async (t) => {
  const { index, objects } = await open(t);
  const rule = { id: "n", events: ["s3:ObjectCreated:*"], prefix: "in/", suffix: ".jpg", target: "fn" };
  await objects.setBucket("b", { notification: [rule] });
  for (const key of ["in/1.jpg", "in/2.jpg", "in/3.png", "out/4.jpg"]) await putInto(objects, key, key);
  await objects.remove({ bucket: "b", key: "in/1.jpg" });
  const told: string[] = [];
  const deliver = async ({ event, key, target }: { event: string; key: string; target: string }) => {
    told.push(`${event} ${key} ${target}`);
    if (key === "in/1.jpg" && told.length < 3) throw new Error("not now");
  };
  const failures: unknown[] = [];
  for (let times = 0; times < 3; times++) await deliverNotices(index, deliver, (error) => failures.push(error));
  const first = "ObjectCreated:Put in/1.jpg fn";
  assert.deepEqual(told, [first, "ObjectCreated:Put in/2.jpg fn", first]);
  assert.equal(failures.length, 1);
});

test("a tenant has no more notices waiting than it may have, and takes objects again when they are told", async (t) => {
  const { index, objects, clock } = await open(t);
  const rule = { id: "n", events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], prefix: "", suffix: "", target: "fn" };
  await objects.setBucket("b", { notification: [rule] });
  const most = { bytes: 1e9, objects: 1e6, notices: 2 };
  const put = (key: string) => {
    const object = { bucket: "b", key, id: "v", about, content: { segments: [] }, size: 0, etag: "e", how: "Put" };
    return index.run("put", { object, now: clock.now, most });
  };
  await put("1");
  await put("2");
  await assert.rejects(put("3"), { code: "object-storage-full", message: /2 changes that their receivers have not taken/ });
  // What makes less is taken.
  await objects.remove({ bucket: "b", key: "1" });
  await deliverNotices(
    index,
    async () => {},
    (error) => assert.fail(String(error)),
  );
  await put("3");
  assert.equal((await objects.inBucket("b")).objects, 2);
});
