/** What `mayfly init` writes is deployed and answers: each template, on one server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, test } from "node:test";
import { cacheFolder } from "../src/base/config/load.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { templates } from "../src/cli/templates.ts";
import { compileGo } from "../src/guest/runtimes/testing/compile-go.ts";
import { mayfly } from "./command.ts";
import { debianWheels } from "./debian-wheels.ts";
import { createScope, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

describe("an app that init wrote", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 0 });
  });
  after(() => scope.close());

  /** In place of the commands that fetch packages or compile. */
  const prepare: Partial<Record<string, (folder: string) => Promise<void>>> = {
    hono: async (folder) => cpSync(join(projectDir, "node_modules/hono"), join(folder, "node_modules/hono"), { recursive: true }),
    express: npmInstall,
    flask: (folder) => wheels(folder, "python3-flask"),
    fastapi: (folder) => wheels(folder, "python3-fastapi"),
    go: async (folder) =>
      writeFileSync(join(folder, "server"), await compileGo(join(folder, "server.go"), temporaryFolder(scope), cacheFolder()), {
        mode: 0o755,
      }),
  };

  for (const [name, { files, before: commands }] of Object.entries(templates))
    test(`greets from the template ${name}`, async () => {
      const folder = join(temporaryFolder(scope), `in-${name}`);
      const { code, stdout, stderr } = await mayfly(["init", folder, "--template", name]);
      assert.equal(code, 0, stderr);
      for (const shown of [...Object.keys(files), ...commands]) assert.ok(stdout.includes(shown), stdout);
      assert.equal(commands.length > 0, existsSync(join(folder, "package.json")) || name === "go");
      await prepare[name]?.(folder);
      const { manifest, bundles, warnings } = await bundleApp(folder);
      assert.deepEqual(warnings, []);
      await platform.client.deploy(manifest, bundles);
      const [called] = Object.keys(manifest.functions);
      const response = await platform.call(`/in-${name}/${called}?name=Ada`);
      assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!\n"]);
      if (!["hono", "express", "flask", "fastapi"].includes(name)) return;
      assert.deepEqual(await (await platform.call(`/in-${name}/${called}/greetings/Ada`)).json(), { greeting: "Hello, Ada!" });
    });

  test("the page of the template site asks its function", async () => {
    assert.match(await (await platform.call("/in-site/")).text(), /src="hello\.js"/);
    assert.match(await (await platform.call("/in-site/hello.js")).text(), /fetch\(`hello\?name=/);
  });
});

test("init lists the templates, takes runtimes as before, and refuses what it does not know", async (context) => {
  const folder = join(temporaryFolder(context), "x");
  const listed = await mayfly(["init", "--list", "--json"]);
  assert.deepEqual(
    (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name),
    Object.keys(templates),
  );
  assert.match((await mayfly(["init", "--list"])).stdout, /hono +an app of Hono/);
  assert.equal((await mayfly(["init", folder, "--runtime", "python"])).code, 0);
  assert.match(readFileSync(join(folder, "hello.py"), "utf8"), /def handler/);
  const unknown = await mayfly(["init", folder, "--template", "cobol"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /express/);
  assert.equal((await mayfly(["init", folder, "--template", "python"])).code, 5);
});

async function wheels(folder: string, wanted: string): Promise<void> {
  const required = readFileSync(join(folder, "requirements.txt"), "utf8");
  writeFileSync(join(folder, "requirements.txt"), `--no-index\n--find-links wheels\n${required}`);
  mkdirSync(join(folder, "wheels"));
  await debianWheels(join(folder, "wheels"), wanted);
}

/** From the registry from which this project's own packages come, or from what an earlier run has kept of it. */
async function npmInstall(folder: string): Promise<void> {
  const words = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--cache", join(cacheFolder(), "npm")];
  await promisify(execFile)("npm", words, { cwd: folder });
}
