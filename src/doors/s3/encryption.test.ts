/** Encryption by the server and with keys of customers, by AWS's own client. The file is long because all tests share one server and its requests. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Headers } from "../signature/read-signature.ts";
import { encryptionOf } from "./request/encryption.ts";
import { openS3, type S3World } from "./testing/s3-world.ts";

const keyOf = (sign: string) => ({ SSECustomerAlgorithm: "AES256", SSECustomerKey: sign.repeat(32) });
const [key, otherKey] = [keyOf("k"), keyOf("o")];
const ofSource = { CopySourceSSECustomerAlgorithm: "AES256", CopySourceSSECustomerKey: "k".repeat(32) };
const md5Of = (text: string) => createHash("md5").update(text).digest("base64");
const SSECustomerKeyMD5 = md5Of(key.SSECustomerKey);
const byServer = { ServerSideEncryption: "AES256" } as const;
/** With AWS's words, and the status that S3's public test suite wants. */
const isWrongKey = ({ name, message, $metadata }: s3.S3ServiceException) =>
  name === "AccessDenied" && message.includes("the correct secret key") && $metadata.httpStatusCode === 400;
const noKey = { name: "InvalidRequest", message: /The correct parameters must be provided/ };

describe("S3's door and encryption", () => {
  let world: S3World;
  let made = 0;
  const closing: (() => void | Promise<void>)[] = [];
  const send: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const create = async () => {
    const Bucket = `encrypted-${++made}`;
    await send(new s3.CreateBucketCommand({ Bucket }));
    return Bucket;
  };
  const put = (Bucket: string, Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    send(new s3.PutObjectCommand({ Bucket, Key, Body: "content", ...more }));
  const get = (Bucket: string, Key: string, more: Partial<s3.GetObjectCommandInput> = {}) =>
    send(new s3.GetObjectCommand({ Bucket, Key, ...more }));
  const textOf = async (Bucket: string, Key: string, more: Partial<s3.GetObjectCommandInput> = {}) =>
    (await get(Bucket, Key, more)).Body!.transformToString();
  const copy = (Bucket: string, from: string, Key: string, more: Partial<s3.CopyObjectCommandInput> = {}) =>
    send(new s3.CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}`, ...more }));
  const setDefault = (Bucket: string, rule: s3.ServerSideEncryptionRule) =>
    send(new s3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }));
  const settingOf = async (Bucket: string) =>
    (await send(new s3.GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules;

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  /** Sends an upload of one part. */
  async function upload(Bucket: string, Key: string, begun: object, part: object, completed: object = {}) {
    const start = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key, ...begun }));
    const { UploadId } = start;
    const sent = await send(new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "content", ...part }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: sent.ETag }] };
    const done = await send(new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...completed }));
    return { start, sent, done };
  }

  test("what the server encrypts is read like what it does not, and only what it has encrypted is said to be", async () => {
    const Bucket = await create();
    assert.equal((await put(Bucket, "plain")).ServerSideEncryption, undefined);
    const stored = await put(Bucket, "k", byServer);
    assert.deepEqual([stored.ServerSideEncryption, stored.ETag], ["AES256", `"${createHash("md5").update("content").digest("hex")}"`]);
    const found = await get(Bucket, "k", { Range: "bytes=3-" });
    assert.deepEqual([found.ServerSideEncryption, await found.Body!.transformToString()], ["AES256", "tent"]);
    assert.equal((await send(new s3.HeadObjectCommand({ Bucket, Key: "k" }))).ServerSideEncryption, "AES256");
    assert.equal((await get(Bucket, "plain")).ServerSideEncryption, undefined);
    assert.equal((await copy(Bucket, "k", "copy")).ServerSideEncryption, "AES256", "what was encrypted stays so");
    assert.equal((await copy(Bucket, "plain", "copy")).ServerSideEncryption, undefined);
    assert.equal((await copy(Bucket, "plain", "plain", byServer)).ServerSideEncryption, "AES256");
    assert.equal(await textOf(Bucket, "plain"), "content");
    const { start, sent, done } = await upload(Bucket, "parts", byServer, {});
    assert.deepEqual(
      [start, sent, done].map((each) => each.ServerSideEncryption),
      ["AES256", "AES256", "AES256"],
    );
    assert.equal(await textOf(Bucket, "parts"), "content");
    const url = await getSignedUrl(world.client, new s3.PutObjectCommand({ Bucket, Key: "presigned", ...byServer }), {
      hoistableHeaders: new Set(["x-amz-server-side-encryption"]),
    });
    const presigned = await fetch(url, { method: "PUT", body: "content" });
    assert.deepEqual([presigned.status, presigned.headers.get("x-amz-server-side-encryption")], [200, "AES256"]);
  });

  test("what is encrypted with a customer's key is read with that key alone", async () => {
    const Bucket = await create();
    const Body = "content ".repeat(20_000);
    const stored = await put(Bucket, "k", { ...key, Body });
    assert.deepEqual(
      [stored.SSECustomerAlgorithm, stored.SSECustomerKeyMD5, stored.ServerSideEncryption],
      ["AES256", SSECustomerKeyMD5, undefined],
    );
    assert.notEqual(stored.ETag, `"${createHash("md5").update(Body).digest("hex")}"`);
    const found = await get(Bucket, "k", { ...key, Range: "bytes=65530-65545" });
    assert.deepEqual([found.SSECustomerKeyMD5, await found.Body!.transformToString()], [SSECustomerKeyMD5, Body.slice(65_530, 65_546)]);
    assert.equal(await textOf(Bucket, "k", key), Body);
    const head = (more: object) => send(new s3.HeadObjectCommand({ Bucket, Key: "k", ...more }));
    const attributes = (more: object) =>
      send(new s3.GetObjectAttributesCommand({ Bucket, Key: "k", ObjectAttributes: ["ETag", "ObjectSize"], ...more }));
    assert.equal((await head(key)).ContentLength, Body.length);
    assert.equal(`"${(await attributes(key)).ETag}"`, stored.ETag);
    for (const read of [(more: object) => get(Bucket, "k", more), attributes]) {
      await assert.rejects(read({}), noKey);
      await assert.rejects(read(otherKey), isWrongKey);
    }
    for (const more of [{}, otherKey])
      await assert.rejects(head(more), ({ $metadata }: s3.S3ServiceException) => $metadata.httpStatusCode === 400);
    await put(Bucket, "plain");
    await assert.rejects(get(Bucket, "plain", key), { name: "InvalidRequest", message: /not applicable to this object/ });
    await assert.rejects(world.other.send(new s3.GetObjectCommand({ Bucket, Key: "k" })), {
      name: "AccessDenied",
      message: "Access Denied",
    });
    assert.equal((await send(new s3.ListObjectsV2Command({ Bucket }))).Contents?.[0]?.Size, Body.length);
    await send(new s3.DeleteObjectCommand({ Bucket, Key: "k" }));
  });

  test("parts need the key that their upload was begun with", async () => {
    const Bucket = await create();
    const { start, sent } = await upload(Bucket, "k", key, key, key);
    assert.deepEqual([start.SSECustomerKeyMD5, sent.SSECustomerKeyMD5], [SSECustomerKeyMD5, SSECustomerKeyMD5]);
    assert.equal(await textOf(Bucket, "k", key), "content");
    await upload(Bucket, "k", key, key);
    assert.equal(await textOf(Bucket, "k", key), "content", "its completion needs no key");
    const needed = { name: "InvalidRequest", message: /Subsequent part requests/ };
    await assert.rejects(upload(Bucket, "k", key, {}), needed);
    await assert.rejects(upload(Bucket, "k", {}, key), needed);
    await assert.rejects(upload(Bucket, "k", byServer, key), needed);
    const other = { name: "InvalidRequest", message: /did not match the ones used originally/ };
    await assert.rejects(upload(Bucket, "k", key, otherKey), other);
    await assert.rejects(upload(Bucket, "k", key, key, otherKey), other);
    await put(Bucket, "source", key);
    const { UploadId } = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "copied", ...otherKey }));
    const part = { Bucket, Key: "copied", UploadId, PartNumber: 1, CopySource: `${Bucket}/source`, CopySourceRange: "bytes=1-3" };
    await assert.rejects(send(new s3.UploadPartCopyCommand({ ...part, ...ofSource })), needed);
    await assert.rejects(send(new s3.UploadPartCopyCommand({ ...part, ...otherKey })), noKey);
    const copied = await send(new s3.UploadPartCopyCommand({ ...part, ...otherKey, ...ofSource }));
    assert.equal(copied.SSECustomerKeyMD5, md5Of(otherKey.SSECustomerKey));
    const Parts = [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }];
    await send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: "copied", UploadId, MultipartUpload: { Parts } }));
    assert.equal(await textOf(Bucket, "copied", otherKey), "ont");
  });

  test("a copy is encrypted as it asks; the key of its source comes with it", async () => {
    const Bucket = await create();
    const plainTag = (await put(Bucket, "plain")).ETag;
    await put(Bucket, "server", byServer);
    await put(Bucket, "customer", key);
    for (const [from, source] of [["plain"], ["server"], ["customer", ofSource]] as const)
      for (const [to, wanted, reading] of [
        ["server", byServer, {}],
        ["customer", otherKey, otherKey],
      ] as const) {
        const copied = await copy(Bucket, from, `${from}-${to}`, { ...source, ...wanted });
        assert.equal(copied.ServerSideEncryption, to === "server" ? "AES256" : undefined);
        assert.equal(copied.SSECustomerKeyMD5, to === "customer" ? md5Of(otherKey.SSECustomerKey) : undefined);
        assert.equal(copied.CopyObjectResult?.ETag === plainTag, to === "server");
        assert.equal(await textOf(Bucket, `${from}-${to}`, reading), "content");
      }
    await assert.rejects(copy(Bucket, "customer", "x"), noKey);
    await assert.rejects(copy(Bucket, "plain", "x", ofSource), { name: "InvalidRequest", message: /not applicable/ });
    const wrong = { ...ofSource, CopySourceSSECustomerKey: "w".repeat(32) };
    await assert.rejects(copy(Bucket, "customer", "x", wrong), { name: "AccessDenied", message: /the correct secret key/ });
    const open = await copy(Bucket, "customer", "customer", ofSource);
    assert.equal(open.ServerSideEncryption, "AES256", "whose customer kept its key stays encrypted when the key is given up");
    await assert.rejects(copy(Bucket, "server", "server"), { name: "InvalidRequest", message: /illegal/ });
  });

  test("a bucket's setting encrypts what comes without a word of it, is shown and taken away", async () => {
    const Bucket = await create();
    const none = { name: "ServerSideEncryptionConfigurationNotFoundError" };
    await assert.rejects(settingOf(Bucket), none);
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } };
    await put(Bucket, "before");
    await setDefault(Bucket, rule);
    assert.deepEqual(await settingOf(Bucket), [{ ...rule, BucketKeyEnabled: false }]);
    assert.equal((await put(Bucket, "k")).ServerSideEncryption, "AES256");
    assert.equal((await upload(Bucket, "parts", {}, {})).start.ServerSideEncryption, "AES256");
    assert.equal((await get(Bucket, "before")).ServerSideEncryption, undefined);
    assert.equal((await copy(Bucket, "before", "before")).ServerSideEncryption, "AES256");
    const form = new FormData();
    form.set("key", "form");
    form.set("file", "content");
    await send(new s3.DeletePublicAccessBlockCommand({ Bucket }));
    const Statement = [{ Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/*` }];
    await send(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }));
    const posted = await fetch(`${world.url}/${Bucket}`, { method: "POST", body: form });
    assert.deepEqual([posted.status, posted.headers.get("x-amz-server-side-encryption")], [204, "AES256"]);
    await send(new s3.DeleteBucketEncryptionCommand({ Bucket }));
    await assert.rejects(settingOf(Bucket), none);
    assert.equal((await put(Bucket, "k")).ServerSideEncryption, undefined);
    const kms = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const } };
    await assert.rejects(setDefault(Bucket, kms), { name: "NotImplemented", message: /no key management service/ });
    await assert.rejects(setDefault(Bucket, { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:fsx" } }), { name: "MalformedXML" });
    await assert.rejects(setDefault(Bucket, {}), { name: "MalformedXML" });
  });

  test("a bucket may let no keys of customers in, and what was written with them stays", async () => {
    const Bucket = await create();
    await put(Bucket, "k", key);
    await setDefault(Bucket, { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } });
    await setDefault(Bucket, { BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] } });
    const blocked = { name: "AccessDenied", message: /has blocked upload requests/ };
    await assert.rejects(put(Bucket, "new", key), blocked);
    await assert.rejects(upload(Bucket, "new", key, key), blocked);
    await assert.rejects(copy(Bucket, "k", "new", { ...ofSource, ...key }), blocked);
    assert.equal(await textOf(Bucket, "k", key), "content");
    await setDefault(Bucket, { BlockedEncryptionTypes: { EncryptionType: ["NONE"] } });
    await put(Bucket, "new", key);
    const [rule] = (await settingOf(Bucket))!;
    assert.deepEqual(rule?.BlockedEncryptionTypes, { EncryptionType: ["NONE"] });
    assert.equal(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, "AES256", "what the document did not speak of stays");
    await assert.rejects(setDefault(Bucket, { BlockedEncryptionTypes: { EncryptionType: ["SSE-X" as never] } }), { name: "MalformedXML" });
  });

  test("a policy may demand that what is written is encrypted", async () => {
    const Bucket = await create();
    const Statement = ["s3:x-amz-server-side-encryption"].map((name) => ({
      Effect: "Deny",
      Principal: "*",
      Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { StringNotEquals: { [name]: "AES256" } },
    }));
    await send(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }));
    await assert.rejects(put(Bucket, "k"), { name: "AccessDenied" });
    await assert.rejects(put(Bucket, "k", { ServerSideEncryption: "aws:kms" }), { name: "AccessDenied" });
    await put(Bucket, "k", byServer);
    // Clients say it of an upload, and have no way to say it of its parts.
    await upload(Bucket, "parts", byServer, {});
    assert.equal(await textOf(Bucket, "parts"), "content");
    await assert.rejects(upload(Bucket, "parts", {}, {}), { name: "AccessDenied" });
    await assert.rejects(upload(Bucket, "parts", key, key), { name: "AccessDenied" });
    const denied = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/*` };
    const Condition = { Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "true" } };
    await send(
      new s3.PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ ...denied, Condition }] }),
      }),
    );
    await upload(Bucket, "customers", key, key);
    assert.equal(await textOf(Bucket, "customers", key), "content");
    await assert.rejects(upload(Bucket, "customers", byServer, {}), { name: "AccessDenied" });
  });
});

const name = "x-amz-server-side-encryption";
const customer = (algorithm?: string, text?: string, md5?: string): Headers => ({
  ...(algorithm !== undefined && { [`${name}-customer-algorithm`]: algorithm }),
  ...(text !== undefined && { [`${name}-customer-key`]: text }),
  ...(md5 !== undefined && { [`${name}-customer-key-md5`]: md5 }),
});
const good = Buffer.alloc(32, "k").toString("base64");
const wrong: [what: string, headers: Headers, code: string, message: RegExp][] = [
  ["two ways at once", { ...customer("AES256", good, SSECustomerKeyMD5), [name]: "AES256" }, "InvalidArgument", /incompatible/],
  ["no way at all", { [name]: "" }, "InvalidArgument", /not supported/],
  ["an unknown way", { [name]: "aes:kms" }, "InvalidArgument", /not supported/],
  ["the id of a key without a word of whose", { [`${name}-aws-kms-key-id`]: "k" }, "InvalidArgument", /requires HTTP header/],
  [
    "the id of a key for the server's own",
    { [name]: "AES256", [`${name}-aws-kms-key-id`]: "k" },
    "InvalidArgument",
    /requires HTTP header/,
  ],
  ["a context without a word of its keys", { [`${name}-context`]: "e30=" }, "InvalidArgument", /requires HTTP header/],
  ["a key without its algorithm", customer(undefined, good, SSECustomerKeyMD5), "InvalidArgument", /valid encryption algorithm/],
  ["another algorithm", customer("AES192", good, SSECustomerKeyMD5), "InvalidEncryptionAlgorithmError", /Supported value: AES256/],
  ["an algorithm without a key", customer("AES256"), "InvalidArgument", /appropriate secret key/],
  ["a key without its MD5", customer("AES256", good), "InvalidArgument", /client calculated MD5/],
  ["another MD5", customer("AES256", good, md5Of("other")), "InvalidArgument", /did not match the hash/],
  ["a short key", customer("AES256", "c2hvcnQ=", md5Of("short")), "InvalidArgument", /invalid for the specified algorithm/],
  ["a long key", customer("AES256", good.repeat(2), SSECustomerKeyMD5), "InvalidArgument", /invalid for the specified algorithm|hash/],
  ["no base64", customer("AES256", `${good.slice(0, -1)}!`, SSECustomerKeyMD5), "InvalidArgument", /invalid for the specified algorithm/],
  ["an empty key", customer("AES256", "", md5Of("")), "InvalidArgument", /invalid for the specified algorithm/],
  ["two keys", customer("AES256", `${good}, ${good}`, SSECustomerKeyMD5), "InvalidArgument", /invalid for the specified algorithm|hash/],
];

function asked(headers: Headers, { origin = "http://s3.example", from = "127.0.0.1", peer = "192.0.2.7" } = {}) {
  const request = { socket: { remoteAddress: from } };
  return encryptionOf({ headers, origin, author: { peer }, request, bucket: { settings: {} }, name: "b", key: "k" } as never);
}

for (const [what, headers, code, message] of wrong)
  test(`encryption that is asked for with ${what} is refused`, () => {
    assert.throws(() => asked(headers), { name: code, message });
  });

test("a customer's key is taken by TLS, from this host and from machines, and not as a network could read it", () => {
  const headers = customer("AES256", good, SSECustomerKeyMD5);
  const taken = { by: "customer", key: Buffer.alloc(32, "k") };
  for (const way of [
    {},
    { from: "::1" },
    { from: "::ffff:127.0.0.1" },
    { origin: "https://s3.example", from: "192.0.2.7" },
    { peer: "machine", from: "" },
  ])
    assert.deepEqual(asked(headers, way), taken, JSON.stringify(way));
  const refused = { name: "InvalidArgument", message: /must be made over a secure connection/ };
  for (const way of [{ from: "192.0.2.7" }, { from: "192.0.2.7", peer: "127.0.0.1" }, { from: "" }])
    assert.throws(() => asked(headers, way), refused, JSON.stringify(way));
  assert.deepEqual(asked({ [name]: "AES256" }, { from: "192.0.2.7" }), { by: "server" });
});
