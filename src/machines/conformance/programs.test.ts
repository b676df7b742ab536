/** Programs that run beside the agent, in real machines of the drivers that can run them: their files cross with the Bind. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { createUids } from "../../base/uids/uids.ts";
import { bootstrap } from "../../guest/runtimes/testing/bootstrap.ts";
import { ensureAgent } from "../../images/agent-bundle.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { nodePath } from "../../images/guest-layout.ts";
import { openHostEnd } from "../../wire/open-host-end.ts";
import type { BindFunction } from "../../wire/protocol.ts";
import { requestWhole } from "../../wire/request-whole.ts";
import type { Driver } from "../driver.ts";
import { createGvisorDriver } from "../gvisor/gvisor-driver.ts";
import { nodeProgram } from "../process/agent-program.ts";
import { createProcessDriver } from "../process/process-driver.ts";
import { inTime } from "./session.ts";

const { cacheDir } = loadConfig({});
const image = () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });

const drivers: Record<string, { make: (runDir: string) => Driver; node: string }> = {
  process: {
    make: (runDir) => createProcessDriver({ program: async () => nodeProgram(await ensureAgent(cacheDir)), runDir }),
    node: process.execPath,
  },
  gvisor: { make: (runDir) => createGvisorDriver({ image, cacheDir, runDir }), node: nodePath },
};

const source = { type: "file" as const, path: "bootstrap" };

function formats(node: string): Record<string, { functions: BindFunction[]; files: Record<string, string> }> {
  return {
    provided: {
      functions: [{ name: "main", format: "provided", source, handler: "main.handler" }],
      files: {
        bootstrap: bootstrap(`async (event) => event.body + " for " + process.env._HANDLER`, "", node),
      },
    },
    server: {
      functions: [{ name: "main", format: "server", source: { ...source, path: "." }, handler: "", command: ["./server"] }],
      files: {
        server: `#!${node}\nrequire("node:http").createServer(async (request, response) => { let body = ""; for await (const chunk of request) body += chunk; response.end(body + " for main.handler") }).listen(process.env.PORT);`,
      },
    },
  };
}

for (const [name, { make, node }] of Object.entries(drivers))
  for (const [format, { functions, files }] of Object.entries(formats(node)))
    test(`${name}: a program of format ${format} answers`, async (t) => {
      const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-programs-"));
      afterwards(t, () => fs.rmSync(runDir, { recursive: true }));
      const driver = make(runDir);
      const spec = { id: "m-programs", kernel: "linux" as const, memoryMb: 256, vcpus: 1, awaited: true };
      await driver.prepare(() => undefined, spec);
      afterwards(t, () => driver.close());
      const machine = await driver.start(spec);
      const lines: string[] = [];
      const refuse = () => Promise.reject(new Error("no egress here"));
      const events = { log: (_: number, __: number, text: string) => lines.push(text), stats: () => {}, connect: refuse, resolve: refuse };
      const host = openHostEnd(machine.channel, { ...events, dead: () => {} });
      await inTime("Ready", host.resume(Date.now(), crypto.randomBytes(64), machine.id, machine.fresh));
      const contents = Object.values(files).map((text) => Buffer.from(text));
      const list = Buffer.from(JSON.stringify(Object.keys(files).map((file, at) => [file, contents[at]!.length, true])));
      const bytes = contents.reduce((sum, { length }) => sum + length, 0);
      const message = { app: "programs", revision: "v1", functions, env: {}, memoryMb: 256, egress: false, concurrency: 10 };
      await inTime("Bound", host.bind({ ...message, files: { type: "frames", list: list.length, bytes } }, [list, ...contents]));
      for (const body of ["one", "two"]) {
        const reply = await inTime("the reply", requestWhole(host, "programs", "main", Buffer.from(body)));
        assert.equal(reply.toString(), `${body} for main.handler`, lines.join("\n"));
      }
    });
