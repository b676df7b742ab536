import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

import { ensureAgent } from "../../images/agent-bundle.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { createProcessDriver } from "./process-driver.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-process-"));
const runDir = path.join(folder, "run");
after(() => fs.rmSync(folder, { recursive: true }));

describeDriverConformance("process", async () => ({
  driver: createProcessDriver({ agent: () => ensureAgent(path.join(folder, "cache")), runDir }),
  broken: createProcessDriver({ agent: async () => path.join(folder, "no-agent.mjs"), runDir }),
  folders: [runDir],
}));
