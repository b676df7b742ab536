import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { afterwards } from "../testing/afterwards.ts";

/** Bundles until it is told to end, and says how often it could. */
const program = `
  import { build } from ${JSON.stringify(import.meta.resolve("./esbuild.ts"))};
  process.on("SIGINT", () => console.log("interrupted"));
  let ended = false;
  process.stdin.on("data", () => (ended = true)).unref();
  const leaked = () => Object.keys(process.env).filter((name) => name.includes("ESBUILD"));
  for (let at = 0; !ended; at++) {
    await build({ stdin: { contents: "export default " + at }, write: false });
    if (at === 0) console.log("bundled", leaked().length);
    await new Promise(setImmediate);
  }
  console.log("done");
  process.exit();
`;

test("esbuild goes on when the terminal's Ctrl-C interrupts all processes of the foreground, and says nothing to other processes", async (context) => {
  // Leads a process group, as a command on a terminal does.
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
  afterwards(context, () => void child.kill("SIGKILL"));
  let said = "";
  const exited = once(child, "exit");
  for await (const chunk of child.stdout) {
    const before = said;
    said += String(chunk);
    if (!before.includes("bundled") && said.includes("bundled")) process.kill(-child.pid!, "SIGINT");
    if (!before.includes("interrupted") && said.includes("interrupted")) child.stdin.write("end");
  }
  assert.deepEqual(await exited, [0, null]);
  assert.deepEqual(said.split("\n"), ["bundled 0", "interrupted", "done", ""]);
});
