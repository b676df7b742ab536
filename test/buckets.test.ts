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

  const post = async <T = never>(path: string, value: unknown = {}): Promise<T> => {
    const response = await platform.call(path, { method: "POST", body: JSON.stringify(value) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as T;
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

  test("holds what the host encrypts, and what the app encrypts with a key of its own, as R2 does", async () => {
    assert.deepEqual(await post("/bucket/encrypted"), {
      put: ["70cf152f5dddabbf3e3e3a8bc23d0095", "70cf152f5dddabbf3e3e3a8bc23d0095", {}],
      text: "hello",
      part: "ell",
      without: "InvalidRequest",
      wrong: "AccessDenied",
      short: "TypeError",
      large: [5_242_883, "end"],
      list: [
        ["own/ours", {}, 5],
        ["own/parts", {}, 5_242_883],
      ],
      byHost: ["AES256", "hello"],
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

  const share = (...shares: { bucket: string; with: string; access: "read" | "write" }[]) =>
    deploy(platform.client, "test/apps/bucket", { shares });

  test("is shared with an app of the tenant that the owner's live revision names, for reading or for writing, until another one does not", async () => {
    const bindings = { FILES: { bucket: "files", of: "bucket" }, OWN: { bucket: "own" } };
    await deploy(platform.client, "test/apps/bucket", { name: "reader", bindings });
    await post("/bucket/sdk", { bucket: "files", key: "shared", text: "mine" });
    const looks = [["get", "shared"], ["head", "shared"], ["list"]];
    const changes = [
      ["put", "theirs", "x"],
      ["delete", "none"],
      ["s3", "PUT", "/bucket.files/copy", "", "/bucket.files/shared"],
      ["s3", "POST", "/bucket.files/upload?uploads"],
    ];
    const settings = ["policy", "acl", "cors", "versioning", "lifecycle", "notification", "tagging", "ownershipControls"];
    const ofOwner = [
      ...settings.flatMap((name) => ["GET", "PUT", "DELETE"].map((method) => ["s3", method, `/bucket.files?${name}`])),
      ["s3", "DELETE", "/bucket.files"],
    ].filter(([, method, path]) => method !== "DELETE" || !/acl|versioning|notification/.test(path!));
    const refused = ofOwner.map(() => [403, "AccessDenied"]);
    const outcomes = (steps: string[][]) => post<unknown[]>("/reader/calls", steps);
    const noLook = ["NoSuchBucket", null, "NoSuchBucket"];
    const noChange = ["NoSuchBucket", "NoSuchBucket", [404, "NoSuchBucket"], [404, "NoSuchBucket"]];
    const none = ofOwner.map(() => [404, "NoSuchBucket"]);

    assert.deepEqual(await outcomes([...looks, ...changes, ...ofOwner]), [...noLook, ...noChange, ...none]);
    await share({ bucket: "files", with: "reader", access: "read" });
    const [text, size, keys, ...rest] = await outcomes([...looks, ...changes, ...ofOwner]);
    assert.deepEqual([text, size, (keys as string[]).includes("shared")], ["mine", 4, true]);
    const denied = [403, "AccessDenied"];
    assert.deepEqual(rest, ["AccessDenied", "AccessDenied", denied, denied, ...refused]);
    // What it may read, it may copy to its own.
    assert.deepEqual(
      await outcomes([
        ["s3", "PUT", "/own/copy", "", "/bucket.files/shared"],
        ["s3", "HEAD", "/own/copy"],
      ]),
      [200, 200],
    );
    // AWS's client writes the bucket before the host's name.
    assert.deepEqual(await post("/reader/sdk", { bucket: "bucket.files", key: "shared" }), {
      text: "mine",
      buckets: ["bucket.files", "own"],
    });
    assert.deepEqual(await post("/reader/sdk", { bucket: "bucket.files", key: "shared", text: "x" }), { failed: "AccessDenied" });

    await share({ bucket: "files", with: "reader", access: "write" });
    assert.deepEqual(await outcomes([...changes, ...ofOwner]), [1, "deleted", 200, 200, ...refused]);
    assert.equal(await (await platform.call("/reader/snake")).text(), "snake in us-east-1");
    assert.deepEqual(
      await post("/bucket/calls", [
        ["get", "theirs"],
        ["get", "copy"],
        ["get", "from-python"],
      ]),
      ["x", "mine", "snake"],
    );

    await share({ bucket: "files", with: "other", access: "write" }, { bucket: "own", with: "reader", access: "write" });
    assert.deepEqual(await outcomes([...looks, ...changes, ...ofOwner]), [...noLook, ...noChange, ...none]);
    assert.deepEqual(await post("/reader/sdk", { bucket: "own", key: "copy" }), { text: "mine", buckets: ["own"] });
    await share();
  });

  test("that is shared has a policy, which counts for the other app as for the owner's own functions", async () => {
    const bindings = { FILES: { bucket: "files", of: "bucket" } };
    await deploy(platform.client, "test/apps/bucket", { name: "bound", bindings });
    await share({ bucket: "files", with: "bound", access: "write" });
    const Statement = [{ Effect: "Deny", Principal: "*", Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::files/kept/*" }];
    const put = ["s3", "PUT", "/files?policy", JSON.stringify({ Version: "2012-10-17", Statement })];
    assert.deepEqual(await post("/bucket/calls", [put, ["put", "kept/a", "x"]]), [204, "AccessDenied"]);
    const steps = [
      ["put", "kept/a", "x"],
      ["get", "kept/a"],
      ["s3", "PUT", "/bucket.files/copy", "", "/bucket.files/kept/a"],
      ["put", "free", "x"],
      ["get", "free"],
    ];
    assert.deepEqual(await post("/bound/calls", steps), ["AccessDenied", "AccessDenied", [403, "AccessDenied"], 1, "x"]);
    assert.deepEqual(await post("/bucket/calls", [["s3", "DELETE", "/files?policy"]]), [204]);
    await share();
  });

  test("is not there for an app that it is not shared with, by whatever name, as if there were none", async () => {
    const bindings = { FILES: { bucket: "files", of: "bucket" }, NONE: { bucket: "files", of: "nobody" } };
    await deploy(platform.client, "test/apps/bucket", { name: "hostile", bindings });
    await share({ bucket: "files", with: "reader", access: "write" });
    await post("/bucket/sdk", { bucket: "files", key: "secret", text: "mine" });
    const buckets = await platform.client.buckets({ app: "bucket" });
    const { name: real } = buckets.find(({ name }) => name.startsWith("files-"))!;
    const names = ["bucket.files", "nobody.files", "reader.own", "bucket:files", "files", real, "bucket.files%2f..", "constructor"];
    for (const name of names) {
      const outcomes = await post("/hostile/calls", [
        ["s3", "GET", `/${name}/secret`],
        ["s3", "GET", `/${name}?list-type=2`],
        ["s3", "PUT", `/${name}/secret`, "theirs"],
        ["s3", "DELETE", `/${name}/secret`],
        ["s3", "PUT", `/${name}/copy`, "", `/${name}/secret`],
      ]);
      const none = [404, "NoSuchBucket"];
      assert.deepEqual(outcomes, [none, none, none, none, none], name);
    }
    assert.deepEqual(await post("/bucket/calls", [["get", "secret"]]), ["mine"]);
    await share();
  });

  test("that is shared ends for others with its owner, and does not come back with an app of that name", async () => {
    const shares = [{ bucket: "files", with: "reader", access: "write" as const }];
    await deploy(platform.client, "test/apps/bucket", { name: "lender", shares });
    await post("/lender/sdk", { bucket: "files", key: "a", text: "lent" });
    const bindings = { FILES: { bucket: "files", of: "lender" } };
    await deploy(platform.client, "test/apps/bucket", { name: "reader", bindings });
    const steps = [
      ["get", "a"],
      ["put", "b", "x"],
    ];
    assert.deepEqual(await post("/reader/calls", steps), ["lent", 1]);
    await platform.client.removeApp("lender");
    assert.deepEqual(await post("/reader/calls", steps), ["NoSuchBucket", "NoSuchBucket"]);
    await deploy(platform.client, "test/apps/bucket", { name: "lender" });
    assert.deepEqual(await post("/reader/calls", steps), ["NoSuchBucket", "NoSuchBucket"]);
    await deploy(platform.client, "test/apps/bucket", { name: "lender", shares });
    assert.deepEqual(await post("/reader/calls", steps), [null, 1]);
  });

  test("goes with its app", async () => {
    await deploy(platform.client, "test/apps/bucket", { name: "short" });
    await post("/short/sdk", { bucket: "files", key: "a", text: "a" });
    await platform.client.removeApp("short");
    await deploy(platform.client, "test/apps/bucket", { name: "short" });
    assert.deepEqual(await post("/short/sdk", { bucket: "files", key: "a" }), { failed: "NoSuchKey" });
  });
});
