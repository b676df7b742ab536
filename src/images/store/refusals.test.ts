/** Everything in a store or cache that is damaged, forged or too large is refused, and leaves nothing behind. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packedFolder, renamed } from "../erofs/testing/edit-erofs.ts";
import { descriptionFile, type ImageDescription, imageAt, imageId, isComplete } from "../image.ts";
import { pullImage } from "./pull-image.ts";
import { pushImage } from "./push-image.ts";
import { makeImage } from "./testing/make-image.ts";
import { answerFromFolder, assertSame, image, place, progress, pull, push, refused, scratch, serve } from "./testing/transfers.ts";
import { openStore } from "./open-store.ts";

test("a part with other bytes is refused, and so is one that cannot be unpacked or is missing", async () => {
  const folder = place("corrupt");
  await push(image, folder);
  const chunk = join(folder, "chunks", readdirSync(join(folder, "chunks"))[0]!);
  const file = join(chunk, readdirSync(chunk)[0]!);
  const other = readdirSync(join(folder, "chunks"))[1]!;
  const whole = readFileSync(file);
  const cache = place("corrupt-cache");

  writeFileSync(file, readFileSync(join(folder, "chunks", other, readdirSync(join(folder, "chunks", other))[0]!)));
  await refused(pull("thing", folder, cache), "store-damaged", /other bytes than its name says|has more than/);
  writeFileSync(file, whole.subarray(0, whole.length - 9));
  await refused(pull("thing", folder, cache), "store-damaged", /cannot be unpacked/);
  rmSync(file);
  await refused(pull("thing", folder, cache), "not-in-store", /chunks\/../);
  assert.ok(!isComplete(imageAt(cache, image.id)));
  writeFileSync(file, whole);
  await pull("thing", folder, cache);
  assertSame(imageAt(cache, image.id), image);
});

test("a manifest that lies about its image is refused", async () => {
  const folder = place("lies");
  await push(image, folder);
  const file = join(folder, "images/thing.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as {
    image: { id: string; run: { command: string[] }; size: { root: number }; kernelVersion: string; modules: unknown[] };
    files: { root: unknown[] };
  };
  const lies: [string, (copy: typeof manifest) => void, RegExp][] = [
    ["another command", (copy) => (copy.image.run.command = ["/bin/evil"]), /an id that is not its own/],
    ["a path for a hash", (copy) => (copy.files.root[0] = ["../../etc/passwd", 5]), /must be a sha256/],
    ["fewer chunks", (copy) => copy.files.root.pop(), /the parts of its root have \d+ bytes together/],
    ["chunks in another order", (copy) => (copy.files.root = copy.files.root.toReversed()), /root is not what its id stands for/],
    [
      "one chunk thirty thousand times",
      (copy) => (copy.files.root = Array<unknown>(30_000).fill(copy.files.root[0])),
      /have \d+ bytes together/,
    ],
    ["a size that no chunks have", (copy) => (copy.image.size.root += 1), /have \d+ bytes together, and it has/],
    ["text that steers a terminal", (copy) => (copy.image.kernelVersion = "\u001B[2J"), /must be text without control characters/],
    ["modules that are none", (copy) => (copy.image.modules = [{ name: "a" }]), /image\.modules\.0/],
    ["an endless chunk", (copy) => (copy.files.root[0] = ["0".repeat(64), 2 ** 40]), /not a manifest.*a size of 1 to 1048576/],
  ];
  for (const [, lie, complaint] of lies) {
    const copy = structuredClone(manifest);
    lie(copy);
    writeFileSync(file, JSON.stringify(copy));
    await refused(pull("thing", folder, place("lies-cache")), "store-damaged", complaint);
  }
  writeFileSync(file, "<html>");
  await refused(pull("thing", folder, place("lies-cache")), "store-damaged", /no JSON/);
});

test("an image whose root names files outside of it is refused, and nothing is written there", async () => {
  const target = join(scratch, "pulled-by-a-name");
  const long = "X".repeat(200);
  // Additional slashes make no difference.
  const climbing = `${"../".repeat(20)}${target.slice(1)}`.replace("../", "../".padEnd(3 + 200 - 60 - target.length + 1, "/"));
  const tree = place("hostile-tree");
  mkdirSync(join(tree, "dir"), { recursive: true });
  writeFileSync(join(tree, "dir", long), "hi");
  chmodSync(join(tree, "dir", long), 0o4755);
  const root = renamed(await packedFolder(tree, join(scratch, "hostile.erofs")), long, climbing);
  const folder = place("hostile");
  await pushAnything(folder, root);
  await using server = await serve(folder, answerFromFolder);
  for (const store of [folder, server.url]) {
    const cache = place("hostile-cache");
    await refused(pull("nice", store, cache), "bad-image", /not a valid file system: \/dir has an entry named/);
    assert.ok(!existsSync(target));
    const left = readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((path) => path.startsWith("images/"));
    assert.deepEqual(left, []);
  }
});

test("an image that is larger than allowed is refused before any of it comes", async () => {
  const folder = place("large");
  await push(image, folder);
  const asked: string[] = [];
  await using server = await serve(folder, (root, request, response) => {
    asked.push(request.url!);
    return answerFromFolder(root, request, response);
  });
  const options = { cacheDir: place("large-cache"), name: "thing", store: openStore(server.url), progress };
  await refused(pullImage({ ...options, mostBytes: 2 ** 20 }), "image-too-large", /thing has 5 MB, but at most 1 MB are allowed/);
  assert.deepEqual(asked, ["/images/thing.json"]);
});

test("in a folder, links, pipes and endless files are refused, and nothing is written through a link", async () => {
  const folder = place("links");
  const elsewhere = place("elsewhere");
  mkdirSync(elsewhere);
  await push(image, folder);
  const manifest = join(folder, "images/thing.json");
  const cases: [string, () => void, RegExp][] = [
    ["a link", () => symlinkSync("/dev/zero", manifest), /is a symbolic link/],
    ["a pipe", () => execFileSync("mkfifo", [manifest]), /is not a file/],
    ["an endless file", () => truncateSync(manifest, 2 ** 40), /has more than the/],
  ];
  for (const [what, make, complaint] of cases) {
    rmSync(manifest);
    if (what === "an endless file") writeFileSync(manifest, "");
    make();
    await refused(pull("thing", folder, place("links-cache")), "store-damaged", complaint);
  }
  rmSync(join(folder, "chunks"), { recursive: true });
  symlinkSync(elsewhere, join(folder, "chunks"));
  await refused(push(image, folder), "store-damaged", /a symbolic link leads to/);
  assert.deepEqual(readdirSync(elsewhere), []);
});

test("a local image that is damaged gives no part to another, is not pushed, and is put right by a pull", async () => {
  const [folder, cache] = [place("damage"), place("damage-cache")];
  await push(image, folder);
  await pull("thing", folder, cache);
  const there = imageAt(cache, image.id);
  const bytes = readFileSync(there.root);
  chmodSync(there.root, 0o644);
  writeFileSync(there.root, bytes.fill(7, 2_000_000, 2_000_200));
  await refused(pushImage({ cacheDir: cache, image: there, name: "bad", store: openStore(folder), progress }), "image-damaged", /its root/);
  assert.ok(!existsSync(join(folder, "images/bad.json")));
  const mended = await pull("thing", folder, cache);
  assert.ok(mended.chunks.moved >= 0);
  assertSame(there, image);
});

test("on a full disk, nothing is left behind", { skip: process.getuid?.() !== 0 && "only root may mount" }, async () => {
  const [folder, cache] = [place("full"), place("full-cache")];
  await push(image, folder);
  mkdirSync(cache);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", cache]);
  try {
    await refused(pull("thing", folder, cache), "disk-full", /No space/);
    const left = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(left, []);
  } finally {
    execFileSync("umount", [cache]);
  }
});

/** Pushes an image whose manifest, parts and id are consistent, whatever its root is. */
async function pushAnything(folder: string, root: Buffer): Promise<void> {
  const cacheDir = place("forged");
  const made = await makeImage(cacheDir, { "bin/program": "x" });
  chmodSync(made.root, 0o644);
  writeFileSync(made.root, root);
  const description = JSON.parse(readFileSync(descriptionFile(made), "utf8")) as ImageDescription;
  const sha256 = { ...description.sha256, root: createHash("sha256").update(root).digest("hex") };
  const id = imageId(sha256, description.run);
  const forged = imageAt(cacheDir, id);
  renameSync(made.dir, forged.dir);
  writeFileSync(descriptionFile(forged), JSON.stringify({ ...description, id, sha256, size: { ...description.size, root: root.length } }));
  await pushImage({ cacheDir, image: forged, name: "nice", store: openStore(folder), progress });
}
