/** The OSv images of Python and Java except for their kernel, started under Linux as OSv would start them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { createUids } from "../../base/uids/uids.ts";
import { startAgentProcess } from "../../guest/testing/running-agent.ts";
import { ensureImage } from "../ensure-image.ts";
import { resolveInside } from "../builder/inside.ts";
import { extractRofs } from "../rofs/read-rofs.ts";
import { openOsvDisk } from "./disk.ts";
import { ensureOsvImage } from "./ensure-osv-image.ts";
import { describeOsvImage } from "./osv-image.ts";
import { bindLook, type Looked, type LookingRuntime } from "./testing/look.ts";
import { startInRoot } from "./testing/start-in-root.ts";
import { tinyKernel } from "./testing/tiny-kernel.ts";

const { cacheDir } = loadConfig({});
const scratch = mkdtempSync(join(tmpdir(), "mayfly-osv-runtimes-"));
const osvKernel = join(scratch, "loader.elf");
writeFileSync(osvKernel, tinyKernel());
after(() => rmSync(scratch, { recursive: true }));

const sees: Record<LookingRuntime, (looked: Looked) => void> = {
  python: ({ heapMb }) => assert.equal(heapMb, undefined),
  java: ({ heapMb }) => assert.ok(heapMb !== undefined && heapMb > 64 && heapMb <= 152, String(heapMb)),
};

for (const runtime of ["python", "java"] as const)
  test(`the image of ${runtime} has no Node; unpacked, its links lead where Linux's do, and it serves by the words of OSv's command line`, async (t) => {
    const cache = join(scratch, runtime);
    const { rootTree: linux } = await ensureImage({ runtime, uids: createUids(), cacheDir, progress: () => undefined });
    // Everything in the host's cache except its OSv images.
    mkdirSync(cache);
    for (const name of readdirSync(cacheDir)) if (name !== "osv-images") symlinkSync(join(cacheDir, name), join(cache, name));
    const image = await ensureOsvImage({ runtime, uids: createUids(), cacheDir: cache, osvKernel, progress: () => undefined });
    const description = await describeOsvImage(image);
    assert.deepEqual([description.runtime, description.nodeVersion], [runtime, "none"]);

    const rofs = await openOsvDisk(image.root);
    const root = join(scratch, `root-${runtime}`);
    await extractRofs(rofs, root);
    await rofs.close();
    for (const { kind, path } of rofs.entries)
      if (kind === "symlink") assert.equal(await resolveInside(root, path), await resolveInside(linux, path), path);

    // OSv has these devices; Java takes its random numbers from them, and any bytes do here.
    for (const name of ["random", "urandom"]) writeFileSync(join(root, "dev", name), randomBytes(65_536));
    assert.ok(!existsSync(join(root, "proc/self")), "there is no /proc in it");
    const agent = await startAgentProcess({ start: () => startInRoot(root, runtime) });
    afterwards(t, () => agent.kill());
    assert.equal(agent.ready.kernel, "osv");
    await bindLook(agent.host, runtime, "as on OSv");
    const { text } = await agent.call({ function: "look", input: { kind: "event" }, remainingMs: 120_000 });
    const looked = JSON.parse(text) as Looked;
    assert.deepEqual([looked.words, looked.folder], ["as on OSv", "/tmp/task"]);
    sees[runtime](looked);
  });
