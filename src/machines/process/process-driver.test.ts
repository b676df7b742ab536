import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { ensureAgent } from "../../images/agent-bundle.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { nodeProgram } from "./agent-program.ts";
import { createProcessDriver } from "./process-driver.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-process-"));
const runDir = path.join(folder, "run");
after(() => fs.rmSync(folder, { recursive: true }));

describeDriverConformance("process", async () => ({
  driver: createProcessDriver({ program: async () => nodeProgram(await ensureAgent(path.join(folder, "cache"))), runDir }),
  broken: createProcessDriver({ program: async () => nodeProgram(path.join(folder, "no-agent.mjs")), runDir }),
  folders: [runDir],
}));

test("a crash leaves no core file, which would contain an app's secrets", async () => {
  const driver = createProcessDriver({ program: async () => nodeProgram(await ensureAgent(path.join(folder, "cache"))), runDir });
  await driver.prepare(() => {}, usualChoice);
  await driver.start({ id: "core", ...usualChoice });
  const note = fs.readdirSync(runDir, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("core/.process"));
  const [pid] = fs.readFileSync(path.join(runDir, note!), "utf8").split(" ");
  assert.match(fs.readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
  await driver.close();
});
