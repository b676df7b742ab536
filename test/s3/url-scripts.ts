/** The calls of the recorded tests of signatures in URLs, by their names without parameters. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Replay, Script, Scripts } from "./replay.ts";
import type { ToPresign } from "./signing.ts";

const key = "key-by-hostname";
const unicode = "non-ascii-%E2%80%94_—_é_";
/** Of the parameter of a test: is it about Signature V4? */
const isNew = (it: Replay) => it.parameter.startsWith("s3v4");
const urlOf = (it: Replay, about: ToPresign) => (isNew(it) ? it.signing.url(about) : it.signing.oldUrl(about));

async function bucketWith(it: Replay, Key: string): Promise<string> {
  const bucket = await it.create();
  await it.put(bucket, Key, "something");
  return bucket;
}

const putsMetadata: Script = async (it) => {
  const bucket = await it.create();
  const url = it.signing.oldUrl({ method: "PUT", bucket, key, query: { "x-amz-meta-foo": "bar" } });
  await it.signing.send("PUT", url, {}, "content 123");
  await it.ask("head_object", "HeadObject", { Bucket: bucket, Key: key });
  it.answered("wrong-meta-headers", await it.signing.send("PUT", url, { "x-amz-meta-wrong": "wrong" }, "content 123"));
};

const expires: Script = async (it) => {
  const about = { bucket: await bucketWith(it, key), key, expires: 1 };
  const url = urlOf(it, about);
  await sleep(2100);
  it.answered(it.parameter === "s3" ? "expired-exception" : "expired", await it.signing.send("GET", url));
};

export const urlScripts: Scripts = {
  test_presigned_url_signature_authentication_expired: expires,
  test_s3_presigned_url_expired: expires,
  test_put_url_metadata_with_sig_s3: putsMetadata,
  async test_put_url_metadata_with_sig_s3v4(it) {
    const bucket = await it.create();
    const headers = { "x-amz-meta-foo": "bar" };
    const put = (sent: Record<string, string>) =>
      it.signing.send("PUT", it.signing.url({ method: "PUT", bucket, key, headers }), sent, "content 123");
    it.answered("no-meta-headers", await put({}));
    await put(headers);
    await it.ask("head_object", "HeadObject", { Bucket: bucket, Key: key });
    it.answered("wrong-meta-headers", await put({ ...headers, "x-amz-meta-wrong": "wrong" }));
  },
  async test_put_unicode_metadata_with_sig_s3(it) {
    const bucket = await it.create();
    await it.signing.send("PUT", it.signing.oldUrl({ method: "PUT", bucket, key, query: { "x-amz-meta-foo": unicode } }));
    await it.ask("head_object", "HeadObject", { Bucket: bucket, Key: key });
  },
  async test_get_response_overrides_unicode_metadata_with_sig_s3(it) {
    const bucket = await bucketWith(it, key);
    const url = it.signing.oldUrl({ bucket, key, query: { "response-cache-control": unicode } });
    it.answered("unicode-error", await it.signing.send("GET", url));
  },
  async test_presigned_double_encoded_credentials(it) {
    const url = it.signing.url({ bucket: await bucketWith(it, key), key });
    it.answered("error-malformed", await it.signing.send("GET", url.replaceAll("%2F", "%252F")));
  },
  async test_presigned_url_signature_authentication(it) {
    const bucket = await bucketWith(it, "temp.txt");
    const about = { bucket, key: "temp.txt" };
    const type = { "content-type": "my-fake-content/type" };
    const getting = it.signing.oldUrl({ ...about, query: { "response-content-type": "text/plain" } });
    const bare = getting.replace("response-content-type=text%2Fplain&", "");
    it.answered("invalid-get-1", await it.signing.send("GET", bare, type));
    const putting = it.signing.oldUrl({ ...about, method: "PUT", headers: { "content-type": "text/plain" } });
    it.answered("invalid-put-1", await it.signing.send("PUT", putting, type, "content"));
  },
  async test_presigned_url_v4_x_amz_in_qs(it) {
    const bucket = await it.create();
    const query = { "x-amz-meta-foo": "bar-complicated-no-random" };
    await it.signing.send("PUT", it.signing.url({ method: "PUT", bucket, key, query }), {}, "123456");
    await it.ask("head-object", "HeadObject", { Bucket: bucket, Key: key, ChecksumMode: "ENABLED" });
  },
  async test_put_object(it) {
    const bucket = await it.create();
    await it.signing.send("PUT", it.signing.url({ method: "PUT", bucket, key }), {}, "something");
    // The recorded body had been read already.
    it.match("get_object", { ...(await it.call("GetObject", { Bucket: bucket, Key: key, ChecksumMode: "ENABLED" })), Body: "" });
  },
  async test_put_object_with_md5_and_chunk_signature_bad_headers(it) {
    const bucket = await it.create();
    const signed = { "content-md5": "pX8KKuGXS1f2VTcuJpqjkw==", "content-type": "application/octet-stream" };
    const url = it.signing.url({ method: "PUT", bucket, key, headers: signed });
    const chunked = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-date": "20211122T191045Z" };
    const send = (more: Record<string, string>) => it.signing.send("PUT", url, { ...signed, ...chunked, ...more }, "test");
    it.answered("with-decoded-content-length", await send({ "x-amz-decoded-content-length": "test" }));
    it.answered("without-decoded-content-length", await send({}));
  },
  async test_s3_copy_md5(it) {
    const Bucket = await bucketWith(it, "src");
    await it.ask("copy-obj", "CopyObject", { Bucket, Key: "dest", CopySource: `${Bucket}/src` });
  },
  async test_s3_put_presigned_url_missing_sig_param(it) {
    const url = urlOf(it, { bucket: await bucketWith(it, key), key });
    it.answered("missing-param-exception", await it.signing.send("GET", url.replace(/&(Expires|X-Amz-Date)=[^&]*/, "")));
  },
  async test_s3_put_presigned_url_same_header_and_qs_parameter(it) {
    const bucket = await bucketWith(it, key);
    const headers = { "x-amz-request-payer": "requester" };
    const url = it.signing.url({ method: "PUT", bucket, key, headers });
    const twice = url.replace("?", "?x-amz-request-payer=non-valid&");
    it.answered("double-header-query-string", await it.signing.send("PUT", twice, headers, "test_data"));
    const other = { ...headers, "x-amz-expires": "5" };
    it.answered("override-signed-qs", await it.signing.send("PUT", url, other, "test_data"));
  },
  async test_s3_put_presigned_url_with_different_headers(it) {
    const bucket = await it.create();
    const send = (url: string, headers: Record<string, string>) => it.signing.send("PUT", url, headers, "test_data");
    const typed = urlOf(it, { method: "PUT", bucket, key, headers: { "content-type": "text/plain" } });
    it.answered("content-type-exception", await send(typed, { "content-type": "text/xml" }));
    const encoded = urlOf(it, { method: "PUT", bucket, key, headers: { "content-encoding": "identity" } });
    it.answered("content-type-response", await send(encoded, { "content-encoding": "identity", "content-type": "text/xml" }));
    it.answered("wrong-content-encoding-response", await send(encoded, { "content-encoding": "gzip" }));
  },
};
