import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { MayflyError } from "../../src/base/errors/error.ts";
import { installPackages, reasonIn } from "./packages.ts";

/** Makes a folder like lab/ with one package whose archive is at the address. */
function folderWith(context: TestContext, resolved: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-packages-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const about = { name: "some-lab", dependencies: { "some-plots": resolved.startsWith("file:") ? resolved : "1.0.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(about));
  const packages = { "": about, "node_modules/some-plots": { version: "1.0.0", resolved } };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ name: "some-lab", lockfileVersion: 3, requires: true, packages }));
  return folder;
}

/** Makes an archive on this disk and returns its address. */
function archive(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-archive-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "package"));
  writeFileSync(join(folder, "package/package.json"), JSON.stringify({ name: "some-plots", version: "1.0.0" }));
  execFileSync("tar", ["-czf", "some-plots.tgz", "package"], { cwd: folder });
  return `file:${join(folder, "some-plots.tgz")}`;
}

test("two callers that need the packages at the same time both get them, nothing else is left, and another call installs nothing", async (context) => {
  const folder = folderWith(context, archive(context));
  const steps: string[] = [];
  const install = () => installPackages((text) => steps.push(text), { folder, npmArguments: ["--offline"] });
  await Promise.all([install(), install()]);
  assert.ok(existsSync(join(folder, "node_modules/some-plots/package.json")));
  assert.deepEqual(readdirSync(folder).toSorted(), ["node_modules", "package-lock.json", "package.json"]);
  assert.deepEqual([steps.length, steps[0]], [2, "installing the npm packages that draw plots (vega, vega-lite), once"]);
  await install();
  assert.equal(steps.length, 2);
});

test("packages of another lock file are replaced", async (context) => {
  const folder = folderWith(context, archive(context));
  mkdirSync(join(folder, "node_modules/of-another-lock"), { recursive: true });
  writeFileSync(join(folder, "node_modules/.installed-lock"), "{}");
  await installPackages(() => {}, { folder, npmArguments: ["--offline"] });
  assert.deepEqual(
    readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith(".")),
    ["some-plots"],
  );
});

test("if the registry cannot be reached, the error says what is missing, why, and what to do", async (context) => {
  const folder = folderWith(context, "http://127.0.0.1:9/some-plots-1.0.0.tgz");
  await assert.rejects(
    installPackages(() => {}, { folder, npmArguments: ["--fetch-retries=0", `--cache=${join(folder, "cache")}`] }),
    (error) => {
      assert.ok(error instanceof MayflyError);
      assert.equal(error.code, "missing-part");
      assert.match(error.message, /lacks what draws the plots of a page \(the npm packages vega and vega-lite\): .*127\.0\.0\.1:9/);
      assert.match(error.cure, /^Connect it to the npm registry/);
      return true;
    },
  );
  assert.ok(!existsSync(join(folder, "node_modules")));
});

test("the reason is found in the output of both generations of npm", () => {
  for (const word of ["error", "ERR!"]) {
    const stderr = `npm ${word} code ENOTFOUND\nnpm ${word} syscall getaddrinfo\nnpm ${word} network request to https://registry.test failed.\nnpm ${word} A log\n`;
    assert.equal(reasonIn(stderr), "network request to https://registry.test failed");
  }
  assert.equal(reasonIn("killed\n"), undefined);
});
