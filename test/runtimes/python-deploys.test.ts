/** What a deploy of an app in Python refuses, and which packages it takes. */
import { inMemory } from "../../src/bundle/testing/in-memory.ts";
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { copyApp, createScope, type Scope } from "../platform.ts";
import { makeWheel } from "../wheel.ts";

/** A copy of the example, with the wheels that its requirements.txt finds. */
function appWithWheels(scope: Scope): string {
  const folder = copyApp(scope, "examples/python", { "requirements.txt": "--no-index\n--find-links wheels\ngreeter\n" });
  mkdirSync(join(folder, "wheels"));
  makeWheel(join(folder, "wheels"), "greeter", "1.2", { "greeter/__init__.py": 'def greet(name):\n    return f"Hello, {name}!"\n' });
  return folder;
}

describe("a deploy of Python", () => {
  const scope = createScope();
  after(() => scope.close());
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });

  test("names the file and line of a syntax error", async () => {
    const folder = appWithWheels(scope);
    writeFileSync(join(folder, "hello.py"), "def handler(event, context):\n    return (\n");
    await refused(folder, /hello.*'\(' was never closed \(hello\.py:2\)/);
  });

  test("names a package that there is no wheel of", async () => {
    const folder = appWithWheels(scope);
    writeFileSync(join(folder, "requirements.txt"), "--no-index\n--find-links wheels\ngreeter\nnot-there==3.1\n");
    await refused(folder, /requirements\.txt.*no wheel of not-there==3\.1/, "packages-not-installed");
  });

  test("takes the dependencies of a pyproject.toml", async () => {
    const folder = appWithWheels(scope);
    rmSync(join(folder, "requirements.txt"));
    writeFileSync(
      join(folder, "pyproject.toml"),
      `[project]\nname = "x"\nversion = "1"\ndependencies = ["greeter @ file://${folder}/wheels/greeter-1.2-py3-none-any.whl"]\n`,
    );
    const { files, bundles } = await bundleApp(folder);
    assert.ok(Buffer.from(inMemory(bundles).at(-1)!.code).includes("site-packages/greeter/__init__.py"), `${files.count} files`);
  });

  test("refuses an entry that is no Python, and packages of npm", async () => {
    const folder = appWithWheels(scope);
    const manifest = (more: object) =>
      writeFileSync(
        join(folder, "mayfly.json"),
        JSON.stringify({ name: "x", runtime: "python", functions: { f: { entry: "hello.py" } }, ...more }),
      );
    manifest({ functions: { f: { entry: "requirements.txt" } } });
    await refused(folder, /runs files that end with \.py/, "bad-manifest");
    manifest({ external: ["sharp"] });
    await refused(folder, /external names npm packages/, "bad-manifest");
  });
});
