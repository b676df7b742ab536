/** The OSv image except for its kernel: our own reader unpacks its disk, and the content is started under Linux as OSv would start it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { startAgentProcess } from "../../guest/testing/running-agent.ts";
import { ensureImage } from "../ensure-image.ts";
import { nodePath } from "../guest-layout.ts";
import { type Rofs, extractRofs } from "../rofs/read-rofs.ts";
import { type TreeEntry, treeOfFolder } from "../tree.ts";
import { openOsvDisk } from "./disk.ts";
import { ensureOsvImage } from "./ensure-osv-image.ts";
import { type OsvImage, describeOsvImage, listOsvImages } from "./osv-image.ts";
import { withoutPopfq } from "./ring-zero.ts";
import { startInRoot } from "./testing/start-in-root.ts";
import { tinyKernel } from "./testing/tiny-kernel.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const scratch = mkdtempSync(join(tmpdir(), "mayfly-osv-image-"));
const kernel = join(scratch, "loader.elf");
const progress = () => undefined;
let linux: TreeEntry[];
let image: OsvImage;
let rofs: Rofs;

before(async () => {
  writeFileSync(kernel, tinyKernel());
  linux = await treeOfFolder((await ensureImage({ uids: createUids(), cacheDir, progress })).rootTree);
  // Everything in the host's cache except its OSv images.
  for (const name of readdirSync(cacheDir)) if (name !== "osv-images") symlinkSync(join(cacheDir, name), join(scratch, name));
  image = await ensureOsvImage({ uids: createUids(), cacheDir: scratch, osvKernel: kernel, progress });
  rofs = await openOsvDisk(image.root);
});
after(async () => {
  await rofs.close();
  rmSync(scratch, { recursive: true });
});

async function hashOf(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

test("an image is its kernel and its disk, found again by both, and may not be written", async () => {
  const description = await describeOsvImage(image);
  const [kernelHash, rootHash] = await Promise.all([image.kernel, image.root].map((path) => hashOf([readFileSync(path)])));
  assert.equal(description.runtime, "node");
  assert.deepEqual(description.sha256, { kernel: kernelHash, root: rootHash });
  assert.equal(description.id, createHash("sha256").update(`${kernelHash}\n${rootHash}\n`).digest("hex"));
  assert.equal(image.id, description.id);
  for (const path of [image.kernel, image.root]) assert.equal(statSync(path).mode & 0o222, 0);
  const steps: string[] = [];
  const again = await ensureOsvImage({ uids: createUids(), cacheDir: scratch, osvKernel: kernel, progress: (step) => steps.push(step) });
  assert.deepEqual([again.id, steps], [image.id, []]);
});

test("another kernel makes another image with the same disk, byte for byte", async () => {
  const other = join(scratch, "other.elf");
  writeFileSync(other, Buffer.concat([tinyKernel(), Buffer.from("other")]));
  const made = await ensureOsvImage({ uids: createUids(), cacheDir: scratch, osvKernel: other, progress });
  assert.notEqual(made.id, image.id);
  assert.equal((await describeOsvImage(made)).sha256.root, (await describeOsvImage(image)).sha256.root);
  assert.deepEqual((await listOsvImages(scratch)).map(({ id }) => id).toSorted(), [made.id, image.id].toSorted());
});

test("the disk has all of the Linux image's root, byte for byte, and what OSv needs", async () => {
  const found = new Map(rofs.entries.map((entry) => [entry.path, entry]));
  const replaced = new Set(["/etc/hosts", "/etc/resolv.conf", "/lib64/ld-linux-x86-64.so.2"]);
  for (const entry of linux.filter(({ path }) => !replaced.has(path))) {
    assert.equal(found.get(entry.path)?.kind, entry.kind, entry.path);
    if (entry.kind !== "file" || !("from" in entry.content)) continue;
    const expected = readFileSync(entry.content.from);
    if (entry.path === nodePath) assert.ok(withoutPopfq(expected) > 0);
    assert.equal(await hashOf(rofs.read(entry.path)), await hashOf([expected]), entry.path);
  }
  for (const path of ["/dev", "/proc", "/sys", "/tmp", "/data"]) assert.equal(found.get(path)?.kind, "folder", path);
  for (const path of [...replaced, "/etc/fstab"]) assert.equal(found.get(path)?.kind, "file", path);
});

test("unpacked and started by OSv's own command line, it serves invocations", async () => {
  const root = join(scratch, "root");
  await extractRofs(rofs, root);
  assert.ok(!existsSync(join(root, "proc/self")), "there is no /proc in it");
  const agent = await startAgentProcess({ start: () => startInRoot(root, "node") });
  assert.equal(agent.ready.kernel, "osv");
  await agent.bind({ main: `exports.default = { fetch: (request) => new Response(process.env.HOME + new URL(request.url).pathname) };` });
  assert.equal((await agent.call()).text, "/tmp/app/main");
  await agent.kill();
});
