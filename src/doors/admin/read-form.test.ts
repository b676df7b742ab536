import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { afterEach, beforeEach, test } from "node:test";
import { bundle, manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";
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
