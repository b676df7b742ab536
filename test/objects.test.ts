/** Objects of a whole server, by AWS's own client. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../src/base/testing/listening.ts";
import { mayfly, serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { temporaryFolder } from "./platform.ts";

const ssec = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "k".repeat(32) };
/** How objects are put, and how they are read. */
const ways = { plain: [{}, {}], server: [{ ServerSideEncryption: "AES256" }, {}], customer: [ssec, ssec] } as const;

test("objects are there after a restart of the server and in a backup, and are on the disk as they came only if nobody wants them encrypted", async (t) => {
  const stateDir = temporaryFolder(t);
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  process.env["MAYFLY_OBJECTS_LISTEN"] = endpoint.slice(7);
  const start = (folder: string) => serve(t, folder, ["--driver", "process", "--blanks", "0"]);
  const first = await start(stateDir);
  const credentials = await createKey(first.apiUrl, stateDir);
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  t.after(() => client.destroy());
  const contentOf = (way: string, size: number) => Buffer.alloc(size, `the content of ${way} `);
  const each = async (work: (Key: string, content: Buffer, way: (typeof ways)[keyof typeof ways]) => Promise<void>) => {
    for (const [name, way] of Object.entries(ways))
      for (const size of [100, 300_000]) await work(`${name}-${size}`, contentOf(name, size), way);
  };
  const read = () =>
    each(async (Key, content, [, reading]) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "photos", Key, ...reading }));
      assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(content), Key);
    });
  await client.send(new CreateBucketCommand({ Bucket: "photos" }));
  await each(async (Key, Body, [putting]) => {
    await client.send(new PutObjectCommand({ Bucket: "photos", Key, Body, ...putting }));
  });
  assert.equal(await first.end("SIGTERM"), 0);
  const stored = readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  const isStored = (text: string) => stored.some((file) => file.includes(text));
  assert.deepEqual(
    Object.keys(ways).map((name) => isStored(`the content of ${name} the`)),
    [true, false, false],
  );
  assert.ok(!isStored(ssec.SSECustomerKey) && !isStored(Buffer.from(ssec.SSECustomerKey).toString("base64")));
  const second = await start(stateDir);
  await read();
  const get = (key: string) => mayfly(["bucket", "get", "photos", key, "--api", second.apiUrl, "--state", stateDir]);
  assert.equal((await get("server-100")).stdout, contentOf("server", 100).toString());
  const refused = await get("customer-100");
  assert.deepEqual([refused.code === 0, refused.stdout], [false, ""]);
  assert.match(refused.stderr, /object-key-needed/);
  const [backup, restored] = [join(temporaryFolder(t), "backup"), join(temporaryFolder(t), "state")];
  for (const args of [
    ["create", backup, "--state", stateDir],
    ["restore", backup, "--state", restored],
  ]) {
    const { code, stderr } = await mayfly(["backup", ...args]);
    assert.equal(code, 0, stderr);
  }
  assert.equal(await second.end("SIGTERM"), 0);
  const third = await start(restored);
  await read();
  assert.equal(await third.end("SIGTERM"), 0);
  // With another key, what is encrypted from now on would be lost once the right one is put back.
  rmSync(join(restored, "secrets.key"));
  await assert.rejects(start(restored), /secret-key-unusable/);
  assert.ok(!existsSync(join(restored, "secrets.key")));
});
