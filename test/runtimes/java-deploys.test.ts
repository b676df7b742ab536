/** What a deploy of an app in Java refuses, and which of a build's files it takes. */
import { inMemory } from "../../src/bundle/testing/in-memory.ts";
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { compileFolder, jarOf } from "../../src/guest/runtimes/java/testing/java-agent.ts";
import { copyApp, createScope, projectDir } from "../platform.ts";

/** As a build would have made it. */
const jar = async () => jarOf(await compileFolder(join(projectDir, "examples/java/src/shop")));

describe("a deploy of Java", () => {
  const scope = createScope();
  after(() => scope.close());

  test("refuses an entry that is no jar, or not there, a handler that names no class, and packages of npm", async () => {
    const folder = copyApp(scope, "examples/java", { "words.txt": "" });
    const refused = (more: object, what: RegExp) => {
      const manifest = { name: "x", runtime: "java", functions: { f: { entry: "src", handler: "shop.Orders" } }, ...more };
      writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
      return assert.rejects(bundleApp(folder), { code: "bad-manifest", message: what });
    };
    await refused({ functions: { f: { entry: "words.txt", handler: "shop.Orders" } } }, /must be a \.jar, a \.java file, or a folder/);
    await refused({ functions: { f: { entry: "absent.jar", handler: "shop.Orders" } } }, /there is no such file/);
    await refused({ external: ["sharp"] }, /external names npm packages/);
  });

  const appOf = (f: object) =>
    copyApp(scope, "examples/java", { "mayfly.json": JSON.stringify({ name: "x", runtime: "java", functions: { f } }) });
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });

  test("names the file and line of an error in a source", async () => {
    const folder = appOf({ entry: "src/shop/Upper.java", handler: "shop.Upper" });
    writeFileSync(join(folder, "src/shop/Upper.java"), "package shop;\nclass Upper { int x = nothing; }\n");
    await refused(folder, /cannot find symbol \(src\/shop\/Upper\.java:2\)/);
  });

  test("names a handler's class that is not there, and a handler that is no class", async () => {
    await refused(appOf({ entry: "src", handler: "shop.Nothing" }), /function f.*class shop\.Nothing is in none/);
    await refused(appOf({ entry: "src" }), /class handler is in none/);
    await refused(appOf({ entry: "src", handler: "no class" }), /must name a class/);
  });

  test("takes the one jar that a build has made, and refuses to choose between two", async () => {
    const folder = appOf({ entry: "target", handler: "shop.Orders" });
    mkdirSync(join(folder, "target"));
    await refused(folder, /neither a \.jar nor \.java files: build the app first/, "bad-manifest");
    writeFileSync(join(folder, "target/app.jar"), await jar());
    writeFileSync(join(folder, "target/app-sources.jar"), "");
    assert.ok(Buffer.from(inMemory((await bundleApp(folder)).bundles).at(-1)!.code).includes("lib/target-app.jar"));
    writeFileSync(join(folder, "target/b.jar"), "");
    await refused(folder, /has app\.jar and b\.jar: name one/, "bad-manifest");
  });
});
