import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

import { loadConfig } from "../../base/config/load.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
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
