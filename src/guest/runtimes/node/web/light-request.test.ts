import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Connection } from "../../../agent/connection.ts";
import { Invocation } from "../../../agent/invocation/invocation.ts";
import { LightRequest } from "./light-request.ts";
import { encodeRequestHead } from "../../../../wire/head.ts";
import type { HttpInput } from "../../../../wire/host-end.ts";
import { NativeRequest } from "./native.ts";

interface Given {
  method: string;
  url: string;
  headers: [string, string][];
  body?: string;
}

function light({ method, url, headers, body = "" }: Given): LightRequest {
  const input: HttpInput = { kind: "http", event: "http-v2", method, url, headers: headers.flat() };
  const trace = { traceparent: "", tracestate: "" };
  const head = encodeRequestHead({ id: "id", function: "main", remainingMs: 1_000, attempt: 1, revision: "1", trace, input });
  // A small first part comes with the head, and the rest later, as with large bodies.
  const bytes = Buffer.from(body);
  const events = { resume() {}, bind() {}, request() {}, written() {} };
  const invocation = new Invocation(new Connection(new PassThrough(), events), 1, head, bytes.subarray(0, 3), bytes.length <= 3, () => {});
  if (bytes.length > 3) setImmediate(() => invocation.data(bytes.subarray(3), true));
  return new LightRequest(invocation);
}

function native({ method, url, headers, body }: Given): Request {
  return new NativeRequest(url, { method, headers, ...(body === undefined ? {} : { body, duplex: "half" }) });
}

const urls = [
  "http://localhost:8080/app/main?x=1",
  "http://localhost/a b",
  "http://localhost:80/",
  "https://example.com:443/x",
  "http://LOCALHOST/Path",
  "http://localhost/a/../b/./c",
  "http://localhost/%2e%2e/x",
  "http://localhost/a/%2E/x",
  "http://localhost",
  "http://localhost/?q=a|b'c\"d",
  "http://localhost//x//y",
  "http://localhost/x?y=/../z",
  "http://127.1/",
  "http://0x7f000001/",
  "http://a.b:8080/~x/!$&()*+,;=:@",
];

for (const url of urls) {
  test(`has the url that the native class makes of ${url}`, () => {
    const given = { method: "GET", url, headers: [] };
    assert.equal(light(given).url, native(given).url);
  });
}

const givens: Record<string, Given> = {
  GET: {
    method: "GET",
    url: "http://x/",
    headers: [
      ["Accept", "*/*"],
      ["X-A", "1"],
      ["x-a", "2"],
    ],
  },
  "POST with text": { method: "POST", url: "http://x/", headers: [["content-type", "text/plain"]], body: "söme text that is long enough" },
  "POST with a little JSON": { method: "POST", url: "http://x/", headers: [["content-type", "application/json"]], body: "[]" },
  "PUT with JSON": { method: "PUT", url: "http://x/", headers: [["content-type", "application/json"]], body: '{"a":"ü"}' },
  "POST with a form": {
    method: "POST",
    url: "http://x/",
    headers: [["content-type", "application/x-www-form-urlencoded"]],
    body: "a=b&c=%C3%BC",
  },
  "POST with a byte order mark": { method: "POST", url: "http://x/", headers: [["content-type", "application/json"]], body: "\ufeff[1,2]" },
};

type Reader = (request: Request) => Promise<unknown>;
const readers: Record<string, Reader> = {
  text: (request) => request.text(),
  json: (request) => request.json(),
  arrayBuffer: (request) => request.arrayBuffer(),
  bytes: (request) => request.bytes(),
  formData: async (request) => [...(await request.formData())],
  blob: async (request) => (await request.blob()).text(),
  body: async (request) => request.body && Buffer.concat(await Array.fromAsync(request.body as ReadableStream<Uint8Array>)),
  clone: async (request) => Promise.all([request.clone().text(), request.text()]),
  "new Request": async (request) => new NativeRequest(LightRequest.toNative(request)).text(),
};

for (const [what, given] of Object.entries(givens)) {
  for (const [name, read] of Object.entries(readers)) {
    test(`${what}, read by ${name}, is what the native class gives`, async () => {
      assert.deepEqual(await story(light(given) as unknown as Request, read), await story(native(given), read));
    });
  }
}

async function story(request: Request, read: Reader): Promise<unknown> {
  const { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect, referrer, referrerPolicy, duplex } = request;
  const fields = { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect, referrer, referrerPolicy, duplex };
  // The native class adds a content type for a body that is text; the light one has the client's.
  const before = { fields, headers: [...request.headers], used: request.bodyUsed };
  const result = await read(request).catch((error: Error) => error.name);
  const again = await request.text().catch((error: Error) => error.name);
  return { before, result, used: request.bodyUsed, again };
}

test("is a Request for instanceof", () => {
  assert.ok((light(givens["GET"]!) as unknown) instanceof NativeRequest);
});
