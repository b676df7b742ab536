/** Functions that keep objects in a bucket of their app, on machines without a network. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createScope, deploy, type Platform, startPlatform } from "./platform.ts";

describe("a bucket of an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    await deploy(platform.client, "test/apps/bucket", {});
  });
  after(() => scope.close());

  const post = async (path: string, value: unknown = {}): Promise<never> => {
    const response = await platform.call(path, { method: "POST", body: JSON.stringify(value) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as never;
  };

  test("is env.FILES in the shape that Cloudflare's users know", async () => {
    const key = "a b/ä&<.txt";
    const etag = "5d41402abc4b2a76b9719d911017c592";
    const about = { key, size: 5, etag, type: "text/plain", metadata: { who: "ö" } };
    assert.deepEqual(await post("/bucket/r2"), {
      put: about,
      head: about,
      get: { ...about, text: "hello" },
      part: { ...about, text: "ell" },
      none: null,
      headNone: null,
      unchanged: about,
      taken: null,
      stream: 300_000,
      wrong: "BadDigest",
      list: ["a b/", "b/"],
      page: [[key], true, ["b/stream"], false],
      left: 0,
    });
  });

  test("takes the headers of a caller, digests, and large objects in parts, and lists with metadata, as R2 does", async () => {
    assert.deepEqual(await post("/bucket/more"), {
      metadata: { contentType: "image/png", cacheControl: "no-store" },
      part: ["el", { offset: 1, length: 2 }, 5],
      unchanged: false,
      taken: null,
      byTime: "TypeError",
      wrong: "BadDigest",
      several: "TypeError",
      checksums: { md5: "5d41402abc4b2a76b9719d911017c592", sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
      large: [5_242_883, { who: "ö" }, "end"],
      given: "NoSuchUpload",
      list: [
        ["large", { who: "ö" }, "binary/octet-stream", "Standard"],
        ["picture", {}, "image/png", "InfrequentAccess"],
      ],
    });
  });

  test("is reached by AWS's client, and from other languages, with what they find in their environment", async () => {
    const sdk = { bucket: "files", key: "from/sdk", text: "hello" };
    assert.deepEqual(await post("/bucket/sdk", sdk), { text: "hello", buckets: ["files"] });
    const response = await platform.call("/bucket/snake");
    assert.deepEqual([response.status, await response.text()], [200, "snake in us-east-1"]);
    assert.deepEqual(await post("/bucket/sdk", { bucket: "files", key: "from-python" }), { text: "snake", buckets: ["files"] });
  });

  test("is its own: another app has another one of that name, and none that its bindings do not name", async () => {
    await deploy(platform.client, "test/apps/bucket", { name: "other" });
    await deploy(platform.client, "test/apps/bucket", { name: "unbound", bindings: { KV: { kv: "main" } } });
    await post("/bucket/sdk", { bucket: "files", key: "private", text: "mine" });
    const asked = { bucket: "files", key: "private" };
    assert.deepEqual(await post("/other/sdk", asked), { failed: "NoSuchKey" });
    const unbound = (await post("/unbound/sdk", asked)) as { failed: string };
    assert.notEqual(unbound.failed, undefined);
  });

  test("goes with its app", async () => {
    await deploy(platform.client, "test/apps/bucket", { name: "short" });
    await post("/short/sdk", { bucket: "files", key: "a", text: "a" });
    await platform.client.removeApp("short");
    await deploy(platform.client, "test/apps/bucket", { name: "short" });
    assert.deepEqual(await post("/short/sdk", { bucket: "files", key: "a" }), { failed: "NoSuchKey" });
  });
});
