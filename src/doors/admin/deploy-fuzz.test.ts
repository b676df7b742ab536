/** Deploys whose forms, and the files in them, are damaged at random: each is stored or refused, and nothing of a refused one is left. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import { filesBundle } from "../../store/catalog/app-files.ts";
import { manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";

const seed = seedOf();
const DEPLOYS = 600;
/** What a deploy may be answered with: stored, or refused because of what the caller sent. */
const FITTING = new Set([200, 201, 400, 409, 413, 422]);

let served: ServedApi;
before(async () => void (served = await serveApi()));
after(() => served.close());

const part = (name: string, file: string, content: Uint8Array) => {
  const names = `name="${name}"${file === "" ? "" : `; filename="${file}"`}`;
  return [Buffer.from(`--b\r\ncontent-disposition: form-data; ${names}\r\n\r\n`), content, Buffer.from("\r\n")];
};

function form(files: Uint8Array): Buffer {
  const parts = [
    ...part("manifest", "", Buffer.from(JSON.stringify(manifest()))),
    ...part("functions", "main.cjs", Buffer.from("module.exports = 1")),
    ...part("files", "files", files),
    Buffer.from("--b--\r\n"),
  ];
  return Buffer.concat(parts);
}

const sound = filesBundle(
  ["a.txt", "b/c.txt", "b/d/e.bin"].map((path, at) => ({ path, content: Buffer.from(`content ${at}`), executable: at === 2 })),
).code;

test(`damaged deploys are stored or refused (seed ${seed})`, async () => {
  const random = new Random(seed);
  const counts = new Map<number, number>();
  for (let round = 0; round < DEPLOYS; round++) {
    // Half of them have a sound form around damaged files.
    const body = round % 2 === 0 ? random.damaged(form(sound)) : form(random.damaged(Buffer.from(sound)));
    const response = await fetch(`${served.server.url}/v1/apps/shop/versions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" },
      body: new Uint8Array(body),
    });
    const text = await response.text();
    assert.ok(FITTING.has(response.status), `round ${round}: ${response.status} ${text}`);
    if (!response.ok) assert.match(text, /"code":"[a-z-]+"/, `round ${round}`);
    counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
  }
  const stored = (await served.client.app("shop")).revisions;
  assert.ok((counts.get(201) ?? 0) > 0 && (counts.get(400) ?? 0) > 0, JSON.stringify([...counts]));
  assert.ok(stored.length <= (counts.get(201) ?? 0) + (counts.get(200) ?? 0));
});
