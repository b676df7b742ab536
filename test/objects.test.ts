/** Objects of a whole server, by AWS's own client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../src/base/testing/listening.ts";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { temporaryFolder } from "./platform.ts";

test("objects are there after a restart of the server", async (t) => {
  const stateDir = temporaryFolder(t);
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  process.env["MAYFLY_OBJECTS_LISTEN"] = endpoint.slice(7);
  const start = () => serve(t, stateDir, ["--driver", "process", "--blanks", "0"]);
  const first = await start();
  const credentials = await createKey(first.apiUrl, stateDir);
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  t.after(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: "photos" }));
  const contents = [Buffer.from("small"), Buffer.alloc(300_000, 1)];
  for (const [at, Body] of contents.entries()) await client.send(new PutObjectCommand({ Bucket: "photos", Key: `${at}`, Body }));
  assert.equal(await first.end("SIGTERM"), 0);
  await start();
  for (const [at, content] of contents.entries()) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "photos", Key: `${at}` }));
    assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(content));
  }
});
