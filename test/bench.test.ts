/** Runs `mayfly bench` as on a machine that never ran it: from a clone, with nothing in bench/node_modules. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createScope, projectDir, temporaryFolder } from "./platform.ts";

const PATIENCE_MS = 300_000;
const scope = createScope();
let clone: string;

before(() => {
  clone = join(temporaryFolder(scope), "mayfly");
  execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${projectDir}`, clone]);
  // Changes that are not committed yet are included.
  cpSync(join(projectDir, "bench"), join(clone, "bench"), { recursive: true, filter: (path) => !path.includes("/bench/node_modules") });
  symlinkSync(join(projectDir, "node_modules"), join(clone, "node_modules"));
});
after(() => scope.close());

test("the reference programs can be installed: npm finds bench/package.json and its lock in step, optional packages of other systems included", () => {
  const args = ["ci", "--dry-run", "--no-audit", "--no-fund", "--loglevel=error"];
  assert.match(execFileSync("npm", args, { cwd: join(clone, "bench"), encoding: "utf8", timeout: PATIENCE_MS }), /added \d+ packages/);
  const lock = JSON.parse(readFileSync(join(clone, "bench/package-lock.json"), "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  for (const [name, { optionalDependencies = {} }] of Object.entries(lock.packages))
    for (const optional of Object.keys(optionalDependencies))
      assert.ok(
        Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${optional}`)),
        `${optional} of ${name}`,
      );
});

test("the smallest case is measured without any reference program", () => {
  const file = join(clone, "results.json");
  const args = ["bench", "--only", "memory", "--drivers", "process", "--rounds", "1", "--json", file];
  const said = execFileSync(join(clone, "mayfly"), args, { cwd: clone, encoding: "utf8", timeout: PATIENCE_MS });
  assert.match(said, /Memory of an idle machine/);
  const { sections } = JSON.parse(readFileSync(file, "utf8")) as { sections: { rows: { what: string; measured: string }[] }[] };
  assert.match(sections[0]!.rows[0]!.measured, /^[1-9]\d* MB PSS/);
  assert.equal(existsSync(join(clone, "bench/node_modules")), false);
});
