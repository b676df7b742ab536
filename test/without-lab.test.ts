/** The product in a folder without the laboratory. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { reportSchema } from "../src/simulator/report/report.ts";
import { createScope, projectDir, temporaryFolder } from "./platform.ts";

const scope = createScope();
let product: string;

before(() => {
  product = temporaryFolder(scope);
  for (const name of ["src", "package.json", "package-lock.json"]) cpSync(join(projectDir, name), join(product, name), { recursive: true });
  symlinkSync(join(projectDir, "node_modules"), join(product, "node_modules"));
});
after(() => scope.close());

function simulate(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = join(product, "src/cli/main.ts");
  const args = ["--disable-warning=ExperimentalWarning", main, "simulate", "--family", "rare", "--hours", "1", "--apps", "2", ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

test("mayfly simulate runs Mayfly's policy, and says in one sentence what is missing and how to get it", async () => {
  assert.ok(!existsSync(join(product, "lab")));
  const { code, stdout, stderr } = await simulate("--seed", "101", "--frontier");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^rare \(synthetic\): 2 apps, /m);
  assert.match(stdout, /^mayfly +\d/m);
  assert.match(stdout, /^WAIT WORTH /m);
  assert.doesNotMatch(stdout, /^TARGET|^oracle/m);
  assert.match(stderr, /there is no folder lab\/ beside src\/, so only Mayfly's own policy was simulated.*`git checkout HEAD -- lab`/);
});

test("its JSON has the documented shape, without verdicts", async () => {
  const { stdout } = await simulate("--seed", "101", "--json");
  const [rare] = reportSchema.parse(JSON.parse(stdout)).workloads;
  assert.deepEqual(
    rare?.policies.map(({ policy, kind }) => [policy, kind]),
    [["mayfly", "ours"]],
  );
  assert.deepEqual(rare.verdicts, []);
});

test("options that need the laboratory are refused before anything is simulated", async () => {
  for (const [words, pattern] of [
    [["--html", join(product, "page.html")], /lacks the laboratory, which draws the page: there is no folder lab\//],
    [["--policy", "mayfly,kpa"], /lacks the laboratory, which has the policies .*"kpa" may be one of them/],
  ] as const) {
    const { code, stderr } = await simulate(...words);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /simulating/);
    assert.notEqual(code, 0);
  }
});
