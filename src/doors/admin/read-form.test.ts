import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { bundle, manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";
import { until } from "../../base/clock/until.ts";
import { bundlesOf } from "../../store/catalog/testing/open-catalog.ts";

let served: ServedApi;
beforeEach(async () => void (served = await serveApi()));
afterEach(() => served.close());

const part = (name: string, file: string, content: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${file === "" ? "" : `; filename="${file}"`}\r\n\r\n${content}\r\n`;
const whole = `${part("manifest", "", JSON.stringify(manifest()))}${part("functions", "main.cjs", "module.exports = 1")}--b--\r\n`;

test("a form is accepted as curl sends it; one that is cut off, or a body that is not a form, is answered 400", async () => {
  assert.equal(await deploy(whole), 201);
  for (let length = 0; length < whole.length - 8; length += 37)
    assert.equal(await deploy(whole.slice(0, length)), 400, whole.slice(0, length));
  assert.equal(await deploy("noise"), 400);
  assert.equal((await served.client.app("shop")).revisions.length, 1);
});

test("a part without a header, or without a name in it, is refused instead of skipped", async () => {
  const nameless = [
    "\r\nmodule.exports = 1",
    "content-type: text/plain\r\n\r\nmodule.exports = 1",
    "content-disposition: form-data\r\n\r\nmodule.exports = 1",
    'content-disposition: attachment; name="functions"\r\n\r\nmodule.exports = 1',
    "module.exports = 1",
  ];
  for (const content of nameless) assert.equal(await deploy(`--b\r\n${content}\r\n${whole}`), 400, content);
  assert.equal(await deploy(whole), 201);
});

test("a caller that goes away in the middle of an upload leaves nothing behind, and the next one is served", async () => {
  const headers = { ...headersOf(), "content-length": String(whole.length) };
  const upload = request(`${served.server.url}/v1/apps/shop/versions`, { method: "POST", headers });
  upload.on("error", () => undefined);
  const closed = new Promise((resolve) => void upload.once("close", resolve));
  upload.write(whole.slice(0, 300));
  await once(upload, "socket");
  upload.destroy();
  await closed;
  await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
  assert.equal((await served.client.app("shop")).revisions.length, 1);
});

/** Sends the start of an upload, and no more, over a connection that stays open. */
async function begin(text: string, headers: Record<string, string | number>): Promise<ClientRequest> {
  const upload = request(`${served.server.url}/v1/apps/shop/versions`, { method: "POST", headers: { ...headersOf(), ...headers } });
  upload.on("error", () => undefined);
  upload.write(text);
  await once(upload, "socket");
  return upload;
}

async function answerTo(upload: ClientRequest): Promise<{ status: number; text: string; retryAfter: string | undefined }> {
  const [response] = (await once(upload, "response")) as [IncomingMessage];
  const { statusCode = 0, headers } = response;
  return { status: statusCode, text: await textOf(response), retryAfter: headers["retry-after"] };
}

test("a form with too many parts is refused while it is sent: the caller need not end it", async () => {
  for (const headers of [{ "content-length": 60_000_000 }, { "transfer-encoding": "chunked" }]) {
    const upload = await begin(part("functions", "f", "").repeat(5_001) + part("functions", "f", "").slice(0, 70), headers);
    const { status, text } = await answerTo(upload);
    assert.equal(status, 400, text);
    assert.match(text, /the form has more than 5000 parts/);
    upload.destroy();
  }
});

test("a manifest over its limit is refused while it is sent, and one of 256 KiB of brackets as nested too deeply", async () => {
  const upload = await begin(part("manifest", "", "x".repeat(262_145)) + part("functions", "f", ""), { "transfer-encoding": "chunked" });
  const { status, text } = await answerTo(upload);
  assert.equal(status, 400, text);
  assert.match(text, /"bad-manifest".*The part manifest is not valid: it has more than 262144 bytes, and at most/);
  upload.destroy();
  assert.equal(await deploy(`${part("manifest", "", "[".repeat(131_072) + "]".repeat(131_072))}--b--\r\n`), 400);
});

test("a body that is no form is refused at once, whatever it says that it is", async () => {
  for (const type of ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"]) {
    const upload = await begin("manifest=1", { "content-type": type, "content-length": 60_000_000 });
    const { status, text } = await answerTo(upload);
    assert.equal(status, 400, text);
    assert.match(text, /must be a form of the type multipart\/form-data/);
    upload.destroy();
  }
});

test("uploads in progress have a bound together: what is too many is answered 503 with Retry-After, and dropped ones give their share back", async () => {
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => begin(whole.slice(0, 300), { "content-length": 66_000_000 })));
  // Those that are refused are answered, and no others, because none is sent to its end.
  const { status, text, retryAfter } = await Promise.any(all.map(answerTo));
  assert.deepEqual([status, retryAfter], [503, "5"], text);
  assert.match(text, /too-many-uploads/);
  assert.equal(await deploy(whole), 201, "a small one still fits");
  for (const upload of all) upload.destroy();
  const entire = part("functions", "f", "x".repeat(60_000_000)) + whole;
  await until(async () => (await deploy(entire)) !== 503, { ms: 60_000, everyMs: 50 });
  assert.deepEqual(served.failures, []);
});

test("an upload of undeclared length is refused once it is over the limit of the code", async () => {
  const upload = await begin(part("functions", "a.cjs", "x".repeat(70_000_000)), { "transfer-encoding": "chunked" });
  const { status, text } = await answerTo(upload);
  assert.equal(status, 413, text);
  upload.destroy();
});

test("functions that arrive in pieces are put together, whatever the sizes of the pieces", async () => {
  const names = ["a", "b", "c"];
  const functions = Object.fromEntries(names.map((name) => [name, { entry: `${name}.ts` }]));
  const bundles = names.map((name, at) => bundle(name, "cjs", name.repeat(700_000 * (at + 1))));
  const { id } = await served.client.deploy(manifest({ functions }), bundles);
  const stored = (await bundlesOf(served.catalog, id)).map(({ function: name, code }) => [name, Buffer.from(code).toString()]);
  assert.deepEqual(
    stored,
    bundles.map(({ function: name, code }) => [name, Buffer.from(code).toString()]),
  );
});

async function deploy(body: string): Promise<number> {
  const response = await fetch(`${served.server.url}/v1/apps/shop/versions`, { method: "POST", headers: headersOf(), body });
  await response.body?.cancel();
  return response.status;
}

function headersOf() {
  return { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" };
}
