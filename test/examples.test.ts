/** Deploys and calls every example as its reader would, in real machines. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import jpeg from "jpeg-js";
import { ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../src/base/testing/listening.ts";
import { type Platform, createScope, eventually, exampleFile, machineKinds, startPlatform } from "./platform.ts";
import { until } from "../src/base/clock/until.ts";

for (const { name, settings } of machineKinds) {
  describe(`examples in machines of ${name}`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, settings);
    });
    after(() => scope.close());

    test("hello greets", async () => {
      await platform.deploy("examples/hello");
      const response = await platform.call("/hello/hello?name=Ada");
      assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!\n"]);
    });

    test("a function calls another of its app, without a network", async () => {
      await platform.deploy("examples/calls");
      const response = await platform.call("/calls/page?name=Ada");
      assert.deepEqual([response.status, await response.text()], [200, "<h1>Hello, Ada!</h1>\n"]);
      assert.equal(await (await platform.call("/calls@1/page")).text(), "<h1>Hello, world!</h1>\n");
    });

    test("kv keeps short links and counts their calls", async () => {
      await platform.deploy("examples/kv");
      const made = await platform.call("/kv/links", { method: "POST", body: "https://example.com/a" });
      assert.equal(made.status, 201);
      const { id } = (await made.json()) as { id: string };
      for (const clicks of ["1", "2"]) {
        const { status, headers } = await platform.call(`/kv/links/${id}`, { redirect: "manual" });
        assert.deepEqual([status, headers.get("location"), headers.get("x-clicks")], [302, "https://example.com/a", clicks]);
      }
      assert.equal((await platform.call("/kv/links/none")).status, 404);
    });

    test("an order waits for somebody's approval, and goes on where it was", async () => {
      await platform.deploy("examples/approval");
      const post = (path: string, body?: object) =>
        platform.call(`/approval/desk${path}`, { method: "POST", ...(body && { body: JSON.stringify(body) }) });
      const order = async (id: string) => (await (await platform.call(`/approval/desk/${id}`)).json()) as Record<string, unknown>;
      const reaches = (id: string, expected: object) =>
        eventually(
          `the order ${id}`,
          () => order(id),
          (found) => isDeepStrictEqual(found, expected),
        );
      assert.equal((await post("", { id: "small", item: "pen", price: 2 })).status, 202);
      await reaches("small", { status: "SUCCEEDED", result: { state: "shipped", receipt: "receipt-small" } });
      assert.equal((await post("", { id: "large", item: "desk", price: 250 })).status, 202);
      await reaches("large", { status: "RUNNING", waitsFor: "approval" });
      assert.deepEqual(await (await post("/large/approve")).json(), { decision: "approve" });
      await reaches("large", { status: "SUCCEEDED", result: { state: "shipped", receipt: "receipt-large" } });
      assert.equal((await post("/large/approve")).status, 409);
      assert.equal((await platform.call("/approval/desk/none")).status, 404);
      const lines = await platform.logged("approval", /desk is sent/);
      assert.equal(lines.filter(({ text }) => text.includes("desk is reserved")).length, 1);
    });

    test("sql keeps a guest book", async () => {
      await platform.deploy("examples/sql");
      const post = (name: string, line: string) => platform.call("/sql/guests", { method: "POST", body: JSON.stringify({ name, line }) });
      assert.deepEqual(await (await post("Ada", "Hello")).json(), { lines: 1 });
      await post("Eve", "Hi");
      assert.deepEqual(await (await post("Ada", "Again")).json(), { lines: 2 });
      assert.deepEqual(await (await platform.call("/sql/guests?of=Ada")).json(), [
        { name: "Ada", line: "Again" },
        { name: "Ada", line: "Hello" },
      ]);
      assert.equal(((await (await platform.call("/sql/guests")).json()) as object[]).length, 3);
    });

    test("queue leads from a webhook over a queue to a function", async () => {
      await platform.deploy("examples/queue");
      await platform.client.fireTrigger("queue", "stripe", {});
      await platform.client.fireTrigger("queue", "stripe", {});
      const sum = await until(() => platform.client.keyValue("queue", "sums", "sum/eur").catch(() => undefined), {
        what: "a payment that is booked",
      });
      // The sample is the same payment each time, and is booked once.
      assert.equal(sum.value, "2000");
    });

    test("hono routes below the function's path", async () => {
      await platform.deploy("examples/hono");
      const post = (text: string) => platform.call("/hono/api/notes", { method: "POST", body: JSON.stringify({ text }) });
      assert.deepEqual(await (await post("milk")).json(), { id: 1, text: "milk" });
      assert.equal((await post("bread")).status, 201);
      assert.deepEqual(await (await platform.call("/hono/api/notes/2")).json(), { id: 2, text: "bread" });
      assert.equal((await platform.call("/hono/api/notes/3")).status, 404);
      assert.equal((await post("")).status, 400);
      assert.match(await (await platform.call("/hono/api")).text(), /A notebook/);
    });

    test("lambda handlers reply, plain and streaming", async () => {
      await platform.deploy("examples/lambda");
      const response = await platform.call("/lambda/plain?name=Ada", { method: "POST", body: "12345" });
      const body = (await response.json()) as Record<string, unknown>;
      assert.deepEqual([body.hello, body.method, body.received], ["Ada", "POST", 5]);
      assert.ok(Number(body.remainingMs) > 1_000 && String(body.requestId).length > 0);
      const stream = await platform.call("/lambda/stream");
      assert.deepEqual([stream.headers.get("content-type"), await stream.text()], ["text/plain", "one\ntwo\nthree\n"]);
    });

    test("thumbnail makes a real JPEG smaller, and refuses other data", async () => {
      await platform.deploy("examples/thumbnail");
      const resize = (body: Buffer) => platform.call("/thumbnail/resize?width=48", { method: "POST", body: new Uint8Array(body) });
      const response = await resize(exampleFile("thumbnail/lake.jpg"));
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "image/jpeg"]);
      const small = jpeg.decode(Buffer.from(await response.arrayBuffer()), { useTArray: true });
      assert.deepEqual([small.width, small.height], [48, 32]);
      assert.equal((await resize(Buffer.from("no picture"))).status, 415);
    });

    test("wait serves many at once from a few machines", async () => {
      await platform.deploy("examples/wait");
      await (await platform.call("/wait/wait")).text();
      const replies = await Promise.all(Array.from({ length: 100 }, async () => (await platform.call("/wait/wait")).text()));
      assert.deepEqual(new Set(replies), new Set(["waited 50 ms\n"]));
      const machines = (await platform.client.machines()).filter(({ app }) => app === "wait");
      // Initially a hundred invocations share a machine; more do once it is known that they only wait.
      assert.ok(machines.length <= 10, `${machines.length} machines`);
    });

    test("sse sends its events one by one", async () => {
      await platform.deploy("examples/sse");
      const response = await platform.call("/sse/clock?count=3&everyMs=100");
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const decoder = new TextDecoder();
      const chunks: string[] = [];
      for await (const chunk of response.body!) chunks.push(decoder.decode(chunk));
      assert.equal(chunks.join("").match(/event: tick/g)?.length, 3);
      assert.ok(chunks.length >= 3, `came in ${chunks.length} pieces`);
    });

    test("misbehave behaves unless told otherwise", async () => {
      await platform.deploy("examples/misbehave");
      assert.equal(await (await platform.call("/misbehave/misbehave")).text(), "behaved\n");
    });
  });
}

test("thumbnails makes a thumbnail of each photo that comes into its bucket, from a function or by AWS's client", async (t) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const platform = await startPlatform(t, { driver: "process", blanks: 0, objects: { listen } });
  await platform.deploy("examples/thumbnails");
  const thumbnail = async (key: string) => {
    const response = await eventually(
      `the thumbnail of ${key}`,
      () => platform.call(`/thumbnails/photos/${key}`),
      ({ status }) => status === 200,
    );
    assert.equal(response.headers.get("content-type"), "image/jpeg");
    const { width, height } = jpeg.decode(Buffer.from(await response.arrayBuffer()), { useTArray: true });
    return [width, height];
  };
  const photo = new Uint8Array(exampleFile("thumbnails/lake.jpg"));
  assert.equal((await platform.call("/thumbnails/photos/lake.jpg", { method: "PUT", body: photo })).status, 201);
  assert.deepEqual(await thumbnail("lake.jpg"), [48, 32]);
  const { id, secret } = await platform.client.createKey({ principal: "photographer", role: "deployer" });
  const store = new S3Client({
    endpoint: `http://${listen}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: id, secretAccessKey: secret },
  });
  t.after(() => store.destroy());
  const { Buckets } = await store.send(new ListBucketsCommand({ Prefix: "photos-" }));
  const Bucket = Buckets![0]!.Name;
  for (const [Key, Body] of [
    ["no-picture.jpg", new Uint8Array(8)],
    ["lake.txt", photo],
    ["again.jpg", photo],
  ] as const)
    await store.send(new PutObjectCommand({ Bucket, Key, Body }));
  assert.deepEqual(await thumbnail("again.jpg"), [48, 32]);
  await platform.logged("thumbnails", /no-picture.jpg is no JPEG/);
  const [trigger] = await platform.client.triggers("thumbnails");
  assert.deepEqual([trigger!.name, trigger!.fired], ["uploaded", 3]);
});
