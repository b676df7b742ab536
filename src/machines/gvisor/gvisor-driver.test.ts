import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { loadConfig } from "../../base/config/load.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { ownerName } from "../host/cgroup/owner.ts";
import { createGvisorDriver } from "./gvisor-driver.ts";
import { createUids } from "../../base/uids/uids.ts";

/** The host's own cache folder, so that what it has fetched and built already is not fetched again. */
const { cacheDir } = loadConfig({});
const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-gvisor-"));
const image = () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
after(() => fs.rmSync(runDir, { recursive: true }));

describeDriverConformance("gvisor", async () => ({
  driver: createGvisorDriver({ image, cacheDir, runDir }),
  broken: createGvisorDriver({ image: async () => ({ ...(await image()), rootTree: path.join(runDir, "no-root") }), cacheDir, runDir }),
  folders: [runDir],
}));

test("a start whose bundle cannot be written fails as others do, and leaves nothing", async () => {
  const driver = createGvisorDriver({ image, cacheDir, runDir });
  await driver.prepare(() => undefined, usualChoice);
  const own = path.join(runDir, "gvisor", ownerName);
  // Nothing can be written to a folder, as to a full disk.
  fs.mkdirSync(path.join(own, "full", "config.json"), { recursive: true });
  await assert.rejects(driver.start({ id: "full", memoryMb: 256, vcpus: 1 }), { code: "machine-start-failed" });
  const left = fs.readdirSync(own, { recursive: true }).filter((place) => place.includes("full"));
  await driver.close();
  assert.deepEqual(left, []);
});
