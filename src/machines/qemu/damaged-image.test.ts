/** An image, copied from the real one, whose files are changed while machines run from it. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { until } from "../../base/clock/until.ts";
import { loadConfig } from "../../base/config/load.ts";
import { damageOf } from "../../images/damage.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { imageIn } from "../../images/image.ts";
import { inTime, openSession } from "../conformance/session.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-damaged-"));
after(() => fs.rmSync(folder, { recursive: true }));

let copies = 0;
async function copy() {
  const image = await ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
  const there = imageIn(path.join(folder, `copy-${++copies}`), image.id);
  fs.mkdirSync(there.dir);
  for (const name of ["vmlinuz", "initrd.cpio", "root.erofs", "image.json"])
    fs.copyFileSync(path.join(image.dir, name), path.join(there.dir, name), fs.constants.COPYFILE_FICLONE);
  return there;
}

test("a root that is cut short while machines run is detected when they end, and machines start from another", async (context) => {
  const images: Awaited<ReturnType<typeof copy>>[] = [];
  const told: string[] = [];
  const driver = createDriverWithHost({
    guest: linux,
    image: async () => {
      images.push(await copy());
      return images.at(-1)!;
    },
    damageOf: (image) => damageOf({ ...images.at(-1)!, ...image }),
    cacheDir,
    runDir: path.join(folder, "run"),
    clock: systemClock,
    warn: (text) => void told.push(text),
  });
  context.after(() => driver.close());
  let started = 0;
  const start = () => driver.start({ ...usualChoice, id: `damaged-${process.pid}-${++started}` });
  const [reads, other] = [await start(), await start()];
  const [session] = [await openSession(reads), await openSession(other)];
  await session.bind();

  fs.chmodSync(images[0]!.root, 0o644);
  fs.truncateSync(images[0]!.root, 1 << 20);
  // The image is also checked after the end of a machine that says nothing about its disk.
  await assert.rejects(session.call("crash"));
  const ends = await inTime("the end of both machines", Promise.all([reads.exited, other.exited]));
  assert.equal(ends[1].reason, "image-damaged");
  assert.match(ends[1].detail, /its root has the sha256/);
  assert.match(told[0]!, /is damaged \(its root has the sha256.*built anew/);

  const again = await inTime("a machine from another image", startWhenMended(start));
  assert.equal(images.length, 2);
  assert.equal(driver.damage?.(), undefined);
  const mended = await openSession(again);
  await mended.bind();
  assert.equal((await mended.call("echo", Buffer.from("x"))).toString(), "x");
  await again.kill();
});

/** Starts a machine once the image is repaired; until then each start must fail with the reason. */
async function startWhenMended(start: () => ReturnType<ReturnType<typeof createDriverWithHost>["start"]>) {
  const started = () =>
    start().catch((error: Error) => {
      assert.match(error.message, /No machine could be started: the image that .* damaged/);
      return undefined;
    });
  return until(started, { what: "a machine of the mended image", ms: 300_000, everyMs: 100 });
}
