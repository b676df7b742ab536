/** The lint rule against throwing listeners that would end the server finds such listeners. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectDir, temporaryFolder } from "./platform.ts";

interface Finding {
  code: string;
  labels: { span: { line: number } }[];
}

/** The lines with a finding, if the code lies in the given room. */
function findings(dir: string, room: string, code: string): number[] {
  const file = join(dir, "src", room, "example.ts");
  mkdirSync(join(dir, "src", room), { recursive: true });
  writeFileSync(file, code);
  // The project's own settings; their paths are relative to their place.
  const settings = JSON.parse(readFileSync(join(projectDir, ".oxlintrc.json"), "utf8")) as { jsPlugins: string[] };
  const jsPlugins = settings.jsPlugins.map((plugin) => join(projectDir, plugin));
  writeFileSync(join(dir, ".oxlintrc.json"), JSON.stringify({ ...settings, jsPlugins }));
  const oxlint = join(projectDir, "node_modules/.bin/oxlint");
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, "--format", "json", "src"], { cwd: dir, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout || stderr) as { diagnostics: Finding[] };
  return diagnostics.filter(({ code }) => code.includes("guarded-listeners")).map(({ labels }) => labels[0]!.span.line);
}

const examples = `
socket.on("data", (chunk) => parse(chunk)); // 2: may throw
socket.once("end", onEnd); // 3: the rule cannot see what it is
server.on("request", async (request) => answer(request)); // 4
createServer((socket) => lead(socket)); // 5
request(options, (reply) => response.writeHead(reply.statusCode)); // 6
signal.addEventListener("abort", () => leave()); // 7
socket.on("data", guarded((chunk) => parse(chunk), cut));
socket.on("error", () => socket.destroy());
socket.once("close", () => sockets.delete(socket));
const failed = guarded(() => leave(), cut);
socket.once("error", failed);
server.once("error", reject);
class Reader {
  #onData = guarded((chunk) => parse(chunk), cut);
  #bare = (chunk) => parse(chunk);
  begin() {
    socket.on("data", this.#onData);
    socket.on("data", this.#bare); // 19
  }
}
setInterval(() => machine.usage(), 1_000); // 22: a timer
setTimeout(look, 1_000); // 23
queueMicrotask(() => finish()); // 24
process.nextTick(tell); // 25
setImmediate(guarded(() => look(), cut));
setTimeout(resolve, 10);
setTimeout(() => socket.destroy(), 10);
clock.every(1_000, () => machine.usage());
socket.setTimeout(10, () => socket.destroy());
session.setTimeout(headMs);
`;

test("listeners and callbacks of timers that may throw are found in the rooms that strangers' bytes reach, and those that cannot are left", (context) => {
  for (const room of ["doors/http", "wire", "egress", "doors/admin", "machines/qemu", "appliances/relay", "images/store"]) {
    assert.deepEqual(findings(temporaryFolder(context), room, examples), [2, 3, 4, 5, 6, 7, 19, 22, 23, 24, 25], room);
  }
});

test("the rule does not apply to code that runs in a machine or simulates one", (context) => {
  assert.deepEqual(findings(temporaryFolder(context), "guest", examples), []);
});
