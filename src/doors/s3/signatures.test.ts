/** Who is believed to have sent a request to S3's door: by raw requests, signed here as AWS's documentation says. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { openS3, type S3World, secret } from "./testing/s3-world.ts";

describe("S3's door and signatures", () => {
  let world: S3World;
  const closing: (() => void | Promise<void>)[] = [];
  const Bucket = "signed";
  const head = (Key: string) => world.client.send(new s3.HeadObjectCommand({ Bucket, Key }));

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
    await world.client.send(new s3.CreateBucketCommand({ Bucket }));
    await world.client.send(new s3.PutObjectCommand({ Bucket, Key: "k", Body: "content" }));
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  const hmac = (text: string) => createHmac("sha1", secret).update(text).digest("base64");

  /** By Signature V2 in the head. @param signed the path that is signed; the default is that of the request */
  async function old(method: string, path: string, more: Record<string, string> = {}, signed = path, body?: string) {
    const headers: Record<string, string> = { date: new Date().toUTCString(), ...more };
    const own = Object.keys(headers).filter((name) => name.startsWith("x-amz-"));
    const date = headers["x-amz-date"] === undefined ? headers["date"]! : "";
    const lines = own.toSorted().map((name) => `${name}:${headers[name]}\n`);
    const text = [method, headers["content-md5"] ?? "", headers["content-type"] ?? "", date, lines.join("") + signed].join("\n");
    return raw(method, path, { ...headers, authorization: `AWS TEN_A:${hmac(text)}` }, body);
  }

  /** fetch() sets headers of its own. */
  async function raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body = "",
  ): Promise<{ status: number; text: string }> {
    const sent = httpRequest(world.url + path, { method, headers: { "content-length": String(Buffer.byteLength(body)), ...headers } });
    sent.end(body);
    const [reply] = (await once(sent, "response")) as [AsyncIterable<Buffer> & { statusCode: number }];
    let text = "";
    for await (const chunk of reply) text += String(chunk);
    return { status: reply.statusCode, text };
  }

  test("Signature V2 counts, over the method, the path, its parts of the query, and the headers of S3", async () => {
    const put = await old("PUT", `/${Bucket}/a%20b`, { "content-type": "text/x", "x-amz-meta-a": "1" }, undefined, "old");
    assert.equal(put.status, 200, put.text);
    const found = await head("a b");
    assert.deepEqual([found.ContentType, found.Metadata, found.ContentLength], ["text/x", { a: "1" }, 3]);
    // The prefix is not signed, the list is.
    assert.equal((await old("GET", `/${Bucket}?acl`)).status, 200);
    assert.equal((await old("GET", `/${Bucket}?prefix=a`, {}, `/${Bucket}`)).status, 200);
    assert.equal((await old("GET", `/${Bucket}?prefix=a`, {}, `/${Bucket}/`)).status, 200, "as if there were a slash");
    assert.match((await old("GET", `/${Bucket}?acl`, {}, `/${Bucket}`)).text, /<Code>SignatureDoesNotMatch<.*<StringToSign>GET/s);
    assert.match((await old("GET", `/${Bucket}/k`, {}, `/${Bucket}/other`)).text, /<Code>SignatureDoesNotMatch</);
  });

  test("a request with Signature V2 has a date that is not far from now", async () => {
    const at = (date: string) => old("GET", `/${Bucket}/k`, { "x-amz-date": date });
    assert.equal((await at(new Date().toUTCString())).status, 200);
    for (const date of ["", "Bad Date", "Tue, 07 Jul 1950 21:53:04 GMT"]) assert.match((await at(date)).text, /<Code>AccessDenied</, date);
    for (const date of ["Tue, 07 Jul 2010 21:53:04 GMT", "Tue, 07 Jul 2099 21:53:04 GMT"])
      assert.match((await at(date)).text, /<Code>RequestTimeTooSkewed</, date);
  });

  test("a URL with Signature V2 is for no operation but its own, whatever is added to it", async () => {
    const name = { Bucket: "signed-locked", Key: "k" };
    await world.client.send(new s3.CreateBucketCommand({ Bucket: name.Bucket, ObjectLockEnabledForBucket: true }));
    const expires = String(Math.floor(Date.now() / 1_000) + 100);
    const path = `/${name.Bucket}/k`;
    const signature = encodeURIComponent(hmac(["PUT", "", "", expires, path].join("\n")));
    const url = `${path}?AWSAccessKeyId=TEN_A&Expires=${expires}&Signature=${signature}`;
    assert.equal((await raw("PUT", url, {}, "content")).status, 200);
    const hold = await raw("PUT", `${url}&legal-hold`, {}, "<LegalHold><Status>ON</Status></LegalHold>");
    assert.match(hold.text, /<Code>AccessDenied<.*Signature V2 cannot have legal-hold/s);
    const until = new Date(Date.now() + 1e9).toISOString();
    const retention = `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`;
    assert.match((await raw("PUT", `${url}&retention`, {}, retention)).text, /<Code>AccessDenied</);
    const { ObjectLockMode, ObjectLockLegalHoldStatus } = await world.client.send(new s3.HeadObjectCommand(name));
    assert.deepEqual([ObjectLockMode, ObjectLockLegalHoldStatus], [undefined, undefined]);
  });

  test("a URL with Signature V2 is valid until its time, and has all that it must have", async () => {
    const url = (expires: number, method = "GET") => {
      const signature = hmac([method, "", "", expires, `/${Bucket}/k`].join("\n"));
      return `/${Bucket}/k?AWSAccessKeyId=TEN_A&Expires=${expires}&Signature=${encodeURIComponent(signature)}`;
    };
    const soon = Math.floor(Date.now() / 1_000) + 100;
    assert.equal((await raw("GET", url(soon))).text, "content");
    assert.match((await raw("GET", url(soon), { "content-type": "text/x" })).text, /<Code>SignatureDoesNotMatch</);
    assert.match((await raw("GET", url(soon - 200))).text, /<Code>AccessDenied<.*Request has expired/s);
    assert.match((await raw("GET", url(soon).replace(/Expires=\d+&/, ""))).text, /<Code>AccessDenied<.*requires the Signature, Expires/s);
    assert.match((await raw("GET", url(soon, "PUT"))).text, /<Code>SignatureDoesNotMatch</);
  });

  test("what is not said at all is anonymous, and rubbish is refused", async () => {
    const date = new Date().toUTCString();
    const code = async (authorization: string) => /<Code>(\w+)/.exec((await raw("GET", `/${Bucket}/k`, { authorization, date })).text)?.[1];
    assert.equal(await code(""), "AccessDenied");
    for (const text of ["AWS HAHAHA", "AWS4 HAHAHA", "Bearer x"]) assert.equal(await code(text), "InvalidArgument", text);
    assert.equal(await code("AWS4-HMAC-SHA256 Credential=HAHAHA"), "AuthorizationHeaderMalformed");
    assert.equal(await code("AWS NOBODY:abc"), "InvalidAccessKeyId");
  });

  test("parameters of a presigned URL stand for headers, but for checksums of content that nobody knew", async () => {
    const command = new s3.PutObjectCommand({ Bucket, Key: "by-url", Metadata: { a: "1" }, Tagging: "x=y", ACL: "private" });
    const url = await getSignedUrl(world.client as never, command as never, { expiresIn: 60 });
    assert.match(url, /x-amz-meta-a=1/);
    assert.match(url, /x-amz-checksum-crc32=AAAAAA/);
    const reply = await fetch(url, { method: "PUT", body: "some" });
    assert.equal(reply.status, 200, await reply.text());
    const found = await head("by-url");
    assert.deepEqual([found.Metadata, found.TagCount, found.ContentLength], [{ a: "1" }, 1, 4]);
    const changed = await fetch(url.replace("meta-a=1", "meta-a=2"), { method: "PUT", body: "some" });
    assert.match(await changed.text(), /<Code>SignatureDoesNotMatch<.*<CanonicalRequest>PUT/s);
    const more = await fetch(url, { method: "PUT", body: "some", headers: { "x-amz-meta-b": "1", "x-amz-expires": "5" } });
    assert.match(await more.text(), /<HeadersNotSigned>x-amz-expires, x-amz-meta-b</);
  });

  test("a URL that is valid for no time has expired", async () => {
    const url = await getSignedUrl(world.client as never, new s3.GetObjectCommand({ Bucket, Key: "k" }) as never, {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 5_000),
    });
    assert.match(await (await fetch(url.replace("Expires=60", "Expires=0"))).text(), /<Code>AccessDenied<.*Request has expired/s);
    assert.match(await (await fetch(url.replace("Expires=60", "Expires=-7"))).text(), /<Code>AuthorizationQueryParametersError</);
  });

  test("a client that asks first is told to send its body only if it may, and other expectations are none", async () => {
    const first = async (path: string) => {
      const { hostname, port } = new URL(world.url);
      const socket = connect(Number(port), hostname);
      socket.write(`PUT ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
      const [bytes] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return String(bytes).split(" ")[1];
    };
    assert.equal(await first(`/${Bucket}/x`), "403");
    await world.client.send(new s3.CreateBucketCommand({ Bucket: "for-all", ACL: "public-read-write" }));
    assert.equal(await first("/for-all/x"), "100");
    assert.equal((await raw("PUT", "/for-all/y", { expect: "200" }, "abc")).status, 200);
  });
});
