import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { createUids } from "../../base/uids/uids.ts";

/** The host's own cache folder, so that what it has built already is not built again. */
const { cacheDir } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-qemu-"));
const runDir = path.join(folder, "run");
const brokenRunDir = path.join(folder, "broken");
const image = () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
after(() => fs.rmSync(folder, { recursive: true }));

describeDriverConformance("qemu", async () => ({
  driver: createDriverWithHost({ guest: linux, image, cacheDir, runDir, clock: systemClock }),
  broken: createDriverWithHost({
    guest: linux,
    image: async () => ({ ...(await image()), root: path.join(folder, "no-root") }),
    cacheDir,
    runDir: brokenRunDir,
    clock: systemClock,
  }),
  folders: [runDir, brokenRunDir],
  limited: "by itself",
}));
