import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { afterwards } from "../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import { openContentFiles } from "./content/content-files.ts";
import { objectsOver } from "./objects-over.ts";
import type { ObjectOperations } from "./store/engine.ts";
import { contentOf, serverKey } from "./testing/describe-objects.ts";
import { removeGarbage, sweep } from "./upkeep.ts";

const seed = seedOf();
const writer = fileURLToPath(new URL("testing/killed-writer.ts", import.meta.url));
const KILLS = 6;

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** What the writer confirmed before it was killed, by key. */
async function writeUntilKilled(folder: string, lines: number, run: number): Promise<Map<string, string>> {
  const confirmed = new Map<string, string>();
  const child = spawn(process.execPath, [writer, folder, String(seed + run)], { stdio: ["ignore", "pipe", "inherit"] });
  let left = lines;
  for await (const line of createInterface({ input: child.stdout })) {
    const [key = "", ...what] = line.split(" ");
    confirmed.set(key, what.join(" "));
    if (--left === 0) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return confirmed;
}

async function open(t: TestContext, folder: string) {
  const module = new URL("store/engine.ts", import.meta.url);
  const index = await openGroupCommit<ObjectOperations>({
    file: join(folder, "objects.db"),
    module,
    onFailure: (error) => assert.fail(String(error)),
  });
  afterwards(t, () => index.close());
  const files = openContentFiles(join(folder, "objects"), () => Date.now());
  const limits = { bytes: 1e12, objects: 1e9, buckets: 10 };
  return {
    index,
    files,
    objects: objectsOver({ index, files, limitsOf: () => limits, serverKey: () => serverKey, now: () => Date.now(), written: () => {} }),
  };
}

test(`after each of ${KILLS} kills, what was confirmed is whole and nothing else is left (seed ${seed})`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-objects-kill-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const random = new Random(seed);
  let confirmed = 0;
  for (let run = 0; run < KILLS; run++) {
    const written = await writeUntilKilled(folder, 5 + random.below(120), run);
    confirmed += written.size;
    const { index, files, objects } = await open(t, folder);
    await sweep(index, files);
    await removeGarbage(index, files);
    const { objects: found } = await objects.list({ bucket: "b", prefix: "", delimiter: "", after: "", most: 1_000 });
    for (const { key, size } of found) {
      const content = await contentOf(objects, key);
      assert.equal(content.length, size, key);
      assert.ok(content.equals(Buffer.alloc(size, content[0])), `${key} is a mixture`);
    }
    for (const key of written.keys())
      assert.ok(
        found.some((object) => object.key === key),
        `${key} was confirmed and is missing`,
      );
    const named = new Set<string>();
    for (const { segments } of found) for (const { file } of segments) named.add(file);
    const { objects: uploads } = await objects.listUploads({ bucket: "b", prefix: "", delimiter: "", after: "", most: 1_000 });
    for (const { key, upload } of uploads) await objects.abortUpload("b", key, upload);
    await removeGarbage(index, files);
    const stray = filesIn(join(folder, "objects")).filter((file) => !named.has(file));
    assert.deepEqual(stray, []);
    await index.close();
  }
  assert.ok(confirmed > 0);
});
