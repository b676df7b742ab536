/** The OSv commands that work without a kernel: what is refused and why, and the image. test/examples.test.ts tests the rest. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../src/base/config/load.ts";
import { ensureImage } from "../src/images/ensure-image.ts";
import { tinyKernel } from "../src/images/osv/testing/tiny-kernel.ts";
import { mayfly } from "./command.ts";
import { temporaryFolder } from "./platform.ts";
import { createUids } from "../src/base/uids/uids.ts";

/** Independent of the host's own settings. */
const env = { MAYFLY_OSV_KERNEL: undefined };

test("without a kernel, image build and serve refuse OSv and say where to get a kernel", async (t) => {
  const stateDir = temporaryFolder(t);
  for (const args of [
    ["image", "build", "--kernel", "osv"],
    ["serve", "--kernel", "osv", "--state", stateDir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"],
  ]) {
    const { code, stderr } = await mayfly(args, { env });
    assert.equal(code, 3, args.join(" "));
    assert.match(stderr, /This host lacks the OSv kernel[^]*loader\.elf[^]*docs\/osv\.md[^]*MAYFLY_OSV_KERNEL/);
  }
});

test("a file that is not an OSv kernel is refused by name", async () => {
  const { code, stderr } = await mayfly(["image", "build", "--kernel", "osv", "--osv-kernel", process.execPath], { env });
  assert.equal(code, 2);
  assert.match(stderr, /is not an OSv kernel: it is a program for Linux/);
});

test("image build makes the disk for a kernel once and finds it again, and image list shows it", async (t) => {
  const cache = temporaryFolder(t);
  const { cacheDir } = loadConfig({});
  await ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
  for (const name of readdirSync(cacheDir)) if (name !== "osv-images") symlinkSync(join(cacheDir, name), join(cache, name));
  const kernel = join(cache, "loader.elf");
  writeFileSync(kernel, tinyKernel());
  const build = () => mayfly(["image", "build", "--kernel", "osv", "--cache", cache, "--json"], { env: { MAYFLY_OSV_KERNEL: kernel } });
  const [first, again] = [await build(), await build()];
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(JSON.parse(again.stdout), JSON.parse(first.stdout));
  const { id, dir } = JSON.parse(first.stdout) as { id: string; dir: string };
  assert.ok(readFileSync(join(dir, "loader.elf")).equals(tinyKernel()));
  const { stdout } = await mayfly(["image", "list", "--cache", cache]);
  assert.match(stdout, new RegExp(`^${id.slice(0, 16)} .* OSv `, "m"));
});
