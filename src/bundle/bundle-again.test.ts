/** What is bundled again and again has the bytes that a deploy would have, whatever was saved in between. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { cacheFolder } from "../base/config/load.ts";
import { afterwards } from "../base/testing/afterwards.ts";
import { type UploadBundle, UnreadFiles } from "../store/catalog/unread-files.ts";
import type { Surroundings } from "./app-folder.ts";
import { type AgainBundler, createAgainBundler } from "./bundle-again.ts";
import { bundleApp } from "./bundle-app.ts";
import { KeptPackages } from "./python/kept-packages.ts";

const surroundings: Surroundings = { cacheDir: cacheFolder(), progress: () => undefined };

function appOf(
  context: TestContext,
  files: Record<string, string>,
): { dir: string; again: AgainBundler; save: (files: Record<string, string>) => void } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-again-")));
  const dir = join(root, "app");
  const save = (saved: Record<string, string>) => {
    for (const [name, text] of Object.entries(saved)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
  };
  save(files);
  const again = createAgainBundler(dir, surroundings);
  afterwards(context, async () => {
    await again.close();
    rmSync(root, { recursive: true, force: true });
  });
  return { dir, again, save };
}

async function assertSame(dir: string, again: AgainBundler): Promise<void> {
  const [kept, anew] = [await again.bundle(), await bundleApp(dir, surroundings)];
  assert.deepEqual({ ...kept, bundles: kept.bundles.map(textOf) }, { ...anew, bundles: anew.bundles.map(textOf) });
}

function textOf({ function: name, format, code }: { function: string; format: string; code: UploadBundle["code"] }): unknown {
  return { name, format, code: code instanceof UnreadFiles ? code.size : Buffer.from(code).toString("latin1") };
}

test("JavaScript, after changes of its code, its imports, its form and its mistakes", async (context) => {
  const { dir, again, save } = appOf(context, {
    "mayfly.json": JSON.stringify({ name: "again", functions: { api: { entry: "api.ts" } } }),
    "package.json": JSON.stringify({ dependencies: { one: "1", two: "1" } }),
    "node_modules/one/package.json": JSON.stringify({ name: "one", main: "index.js" }),
    "node_modules/one/index.js": `exports.name = "one"; exports.of = (name) => require(name);`,
    "node_modules/two/package.json": JSON.stringify({ name: "two", main: "index.js" }),
    "node_modules/two/index.js": `module.exports = "two";`,
    "api.ts": `import { name } from "one";\nexport default { fetch: () => new Response(name) };`,
    "../shared/text.ts": `export const text = "shared";`,
  });
  await assertSame(dir, again);
  assert.deepEqual(again.filesOutside(), []);
  // With another export, a file that is outside, one whose own path is asked for, and a name that is computed.
  save({
    "api.ts": `import { of } from "one";\nimport { text } from "../shared/text.ts";\nimport { readFileSync } from "node:fs";
export const handler = async () => of("two") + text + readFileSync(new URL("./data.txt", import.meta.url), "utf8");`,
    "data.txt": "data",
  });
  await assertSame(dir, again);
  assert.deepEqual(again.filesOutside(), [join(dir, "../shared/text.ts")]);
  save({ "api.ts": `const late = await Promise.resolve("late");\nexport default { fetch: () => new Response(late) };` });
  await assertSame(dir, again);
  save({ "api.ts": `export default { fetch: (] => 1 };` });
  await assert.rejects(again.bundle(), /api\.ts:1/);
  save({ "api.ts": `import missing from "missing";\nexport default { fetch: () => new Response(missing) };` });
  await assert.rejects(again.bundle(), /missing/);
  save({ "api.ts": `try { require("missing"); } catch {}\nexport default { fetch: () => new Response("without") };` });
  await assertSame(dir, again);
  save({
    "api.ts": `class A {}\nexport { A } from "./other.ts";\nexport default { fetch: () => new Response(A.name) };`,
    "other.ts": `export class A {}`,
  });
  await assertSame(dir, again);
});

test("JavaScript, when what is used of other files changes and imports stay as they are", async (context) => {
  const { dir, again, save } = appOf(context, {
    "mayfly.json": JSON.stringify({ name: "again", functions: { api: { entry: "api.ts" } } }),
    "lib.ts": `import { dirname } from "node:path";\nexport { far } from "./far.ts";\nexport const near = "near", here = () => dirname(import.meta.filename);`,
    "far.ts": `export const far = import.meta.filename;`,
    "api.ts": `import * as lib from "./lib.ts";\nexport default { fetch: () => new Response(lib.near) };`,
  });
  await assertSame(dir, again);
  const uses = (what: string, more = "") =>
    save({ "api.ts": `import * as lib from "./lib.ts";\n${more}export default { fetch: () => new Response(lib.${what}) };` });
  for (const what of ["near", "here()", "far", "near", "far"]) {
    uses(what);
    await assertSame(dir, again);
  }
  // Names that clash, and that do not any more.
  for (const far of ["class A {}; export const far = A.name;", "export const far = 1;"]) {
    save({ "far.ts": far });
    uses("far", "class A {}; console.log(A);\n");
    await assertSame(dir, again);
    uses("far", "class A { a = 1 }; console.log(A);\n");
    await assertSame(dir, again);
  }
  uses("far", "export const handler = 1;\n");
  await assertSame(dir, again);
  save({ "lib.ts": `export const near = "near"; export { far } from "left-pad";` });
  await assert.rejects(again.bundle(), /left-pad/);
  save({ "lib.ts": `export const far = "changed";` });
  await assertSame(dir, again);
});

test("Java, after a change and a mistake", async (context) => {
  const source = (text: string) => `import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

public class Hello implements RequestHandler<Object, String> {
  public String handleRequest(Object event, Context context) {
    return ${text};
  }
}
`;
  const { dir, again, save } = appOf(context, {
    "mayfly.json": JSON.stringify({ name: "again", runtime: "java", functions: { hello: { entry: "Hello.java", handler: "Hello" } } }),
    "Hello.java": source(`"one"`),
  });
  await assertSame(dir, again);
  save({ "Hello.java": source("2") });
  await assert.rejects(again.bundle(), /Hello\.java:6/);
  save({ "Hello.java": source(`"grüße"`) });
  await assertSame(dir, again);
});

test("packages are installed once for the same requirements, anew for others, and removed at the end", async (context) => {
  const parent = mkdtempSync(join(tmpdir(), "mayfly-kept-"));
  afterwards(context, () => rmSync(parent, { recursive: true, force: true }));
  const packages = new KeptPackages();
  const installs: string[] = [];
  const install = (key: string) => packages.installed(key, parent, async (folder) => void installs.push(folder));
  const first = await install("flask");
  assert.equal(await install("flask"), first);
  await assert.rejects(
    packages.installed("broken", parent, () => Promise.reject(new Error("no such package"))),
    /no such package/,
  );
  assert.notEqual(await install("fastapi"), first);
  assert.ok(!existsSync(first));
  assert.equal(installs.length, 2);
  await packages.close();
  assert.deepEqual(readdirSync(parent), []);
});

test("Python, after a change, a mistake, and code that Python's parser gives up", async (context) => {
  const source = (text: string) => `def handler(event, context):\n    return ${text}\n`;
  const { dir, again, save } = appOf(context, {
    "mayfly.json": JSON.stringify({ name: "again", runtime: "python", functions: { hello: { entry: "hello.py", handler: "handler" } } }),
    "hello.py": source(`open("data.txt").read()`),
    "data.txt": "data",
  });
  await assertSame(dir, again);
  save({ "hello.py": source(`"grüße"`) });
  await assertSame(dir, again);
  save({ "hello.py": "def handler(event, context:\n" });
  await assert.rejects(again.bundle(), /hello\.py:1/);
  for (const deep of [`${"(".repeat(100_000)}1${")".repeat(100_000)}`, `${"-".repeat(500_000)}1`]) {
    save({ "hello.py": source(deep) });
    const outcome = (bundling: Promise<unknown>) => bundling.then(() => "bundled", String);
    assert.equal(await outcome(again.bundle()), await outcome(bundleApp(dir, surroundings)));
  }
  save({ "hello.py": source("2"), "pyproject.toml": `[project]\nname = "again"\nrequires-python = ">=9"\n` });
  await assertSame(dir, again);
  save({ "pyproject.toml": `[project]\ndynamic = ["dependencies"]\n` });
  await assert.rejects(again.bundle(), { code: "packages-not-installed", message: /project\.dynamic/ });
});
