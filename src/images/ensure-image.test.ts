/** Real builds from real Debian packages. The downloaded packages are shared with the ordinary cache. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultCacheDir } from "../base/config/folders.ts";
import { bundleAgent } from "./agent-bundle.ts";
import { ensureImage } from "./ensure-image.ts";
import { damageOf } from "./damage.ts";
import { describeImage, type Image, imageAt, imagesFolder, listImages } from "./image.ts";
import { createUids } from "../base/uids/uids.ts";

const packages = join(process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env), "packages");
const scratch = mkdtempSync(join(tmpdir(), "mayfly-images-"));
/** The real agent in its present state, so that editing its sources during the tests does not matter. */
const agentEntry = join(scratch, "agent.mjs");
before(async () => writeFileSync(agentEntry, await bundleAgent()));
after(() => rmSync(scratch, { recursive: true }));

function newCache(name: string): string {
  const cacheDir = join(scratch, name);
  mkdirSync(packages, { recursive: true });
  mkdirSync(cacheDir);
  symlinkSync(packages, join(cacheDir, "packages"));
  return cacheDir;
}

async function ensure(cacheDir: string): Promise<{ image: Image; steps: string[] }> {
  const steps: string[] = [];
  const image = await ensureImage({ uids: createUids(), cacheDir, agentEntry, progress: (step) => steps.push(step) });
  return { image, steps };
}

/** Shows at once which file differs, without printing 150 MB of difference. */
function hashes({ kernel, initrd, root }: Image): Record<string, string> {
  const entries = Object.entries({ kernel, initrd, root });
  return Object.fromEntries(entries.map(([name, path]) => [name, createHash("sha256").update(readFileSync(path)).digest("hex")]));
}

/** Flips some bytes in the middle without changing the file's times. */
function flip(path: string): void {
  const { mode, size, atime, mtime } = statSync(path);
  chmodSync(path, 0o644);
  const fd = openSync(path, "r+");
  const bytes = Buffer.alloc(200);
  readSync(fd, bytes, 0, 200, size >> 1);
  writeSync(
    fd,
    bytes.map((byte) => byte ^ 0xff),
    0,
    200,
    size >> 1,
  );
  closeSync(fd);
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}

test("two builds, in different folders and under different umasks, give the same bytes and the same id", async () => {
  const first = await ensure(newCache("one"));
  const umask = process.umask(0o077);
  const second = await ensure(newCache("another")).finally(() => process.umask(umask));
  assert.deepEqual(hashes(second.image), hashes(first.image));
  assert.equal(second.image.id, first.image.id);
  assert.ok(first.steps.some((step) => step.startsWith("putting the image together")));
});

test("flipped bytes in an image's files, or in its unpacked root, are noticed, and the image is built anew", async () => {
  const cacheDir = join(scratch, "one");
  const id = readdirSync(imagesFolder(cacheDir)).find((name) => name.length === 64)!;
  const image = imageAt(cacheDir, id);
  const sound = hashes(image);
  const template = join(cacheDir, "qemu-templates/of-it");
  mkdirSync(template, { recursive: true });
  writeFileSync(join(template, "image"), `${id}\n`);
  for (const file of [image.root, image.kernel, join(image.rootTree, "bin/node")]) {
    flip(file);
    const steps: string[] = [];
    const mended = await ensureImage({ uids: createUids(), cacheDir, agentEntry, tree: true, progress: (step) => steps.push(step) });
    assert.ok(steps[0]?.includes("is damaged"), `${file}: ${steps.join(", ")}`);
    assert.deepEqual([mended.id, hashes(mended)], [id, sound]);
    assert.equal(await damageOf(mended, { tree: true }), undefined);
  }
  assert.ok(!existsSync(template), "a template may have the damage in its memory");
});

test("the id is the hash of what is in the image, and a second call finds it without a build", async () => {
  const { image, steps } = await ensure(join(scratch, "one"));
  assert.deepEqual(steps, []);
  const { sha256, id, size } = await describeImage(image);
  assert.deepEqual(sha256, hashes(image));
  assert.equal(id, createHash("sha256").update(`${sha256.kernel}\n${sha256.initrd}\n${sha256.root}\n`).digest("hex"));
  assert.equal(size.root, statSync(image.root).size);
  assert.deepEqual(
    (await listImages(join(scratch, "one"))).map((found) => found.id),
    [image.id],
  );
});

test("no file of an image may be written", async () => {
  const { image } = await ensure(join(scratch, "one"));
  for (const path of [image.kernel, image.initrd, image.root, image.agent]) assert.equal(statSync(path).mode & 0o222, 0, path);
});

test("two builders at once end with one image", async () => {
  const cacheDir = newCache("together");
  const [first, second] = await Promise.all([ensure(cacheDir), ensure(cacheDir)]);
  assert.equal(first.image.dir, second.image.dir);
  assert.deepEqual(readdirSync(imagesFolder(cacheDir)).toSorted(), [first.image.id, "keys"].toSorted());
});

test("an image with a deleted part is built again", async () => {
  const cacheDir = join(scratch, "together");
  const { image } = await ensure(cacheDir);
  rmSync(image.root);
  const again = await ensure(cacheDir);
  assert.equal(again.image.id, image.id);
  assert.ok(statSync(image.root).size > 0);
});
