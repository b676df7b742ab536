/** What a deploy of an app in Java refuses, and which of a build's files it takes. */
import { inMemory } from "../../src/bundle/testing/in-memory.ts";
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
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
    await refused(folder, /cannot find symbol: variable nothing in class Upper \(src\/shop\/Upper\.java:2\)/);
  });

  test("names a handler's class that is not there, and a handler that is no class", async () => {
    await refused(appOf({ entry: "src", handler: "shop.Nothing" }), /function f.*class shop\.Nothing is in none/);
    await refused(appOf({ entry: "src" }), /handler is missing: it names the function's class/);
    for (const handler of ["no class", "shop.new", "a::b::c"]) await refused(appOf({ entry: "src", handler }), /must name a class/);
    await refused(appOf({ entry: "src", handler: "Orders" }), /class Orders is in none.*; there is shop\.Orders\.$/);
    await refused(appOf({ entry: "src", handler: "shop.Upper.handle" }), /two colons, as in shop\.Upper::handle/);
  });

  test("names a method that is not there, and a class that is no handler", async () => {
    const withPlain = (handler: string) => {
      const folder = appOf({ entry: "src", handler });
      const methods = "private int own() { return 1; } public static int twice(int x) { return 2 * x; }";
      writeFileSync(join(folder, "src/shop/Plain.java"), `package shop; public class Plain { ${methods} }`);
      return folder;
    };
    await refused(withPlain("shop.Plain"), /shop\.Plain implements neither .*as in shop\.Plain::handle/);
    await refused(withPlain("shop.Plain::thrice"), /shop\.Plain has no public method thrice/);
    await refused(withPlain("shop.Plain::own"), /shop\.Plain has no public method own/);
    for (const handler of ["shop.Plain::twice", "shop.Orders", "shop.Orders::handleRequest", "shop.Upper"])
      await bundleApp(withPlain(handler));
  });

  test("refuses classes of a newer Java, with both versions, and such as need classes that are nowhere", async () => {
    const classes = await compileFolder(join(projectDir, "examples/java/src/shop"));
    classes.get("shop/Orders.class")!.writeUInt16BE(65, 6);
    const folder = appOf({ entry: "target", handler: "shop.Orders" });
    mkdirSync(join(folder, "target"));
    writeFileSync(join(folder, "target/app.jar"), jarOf(classes));
    await refused(folder, /target\/app\.jar\(\/?shop\/Orders\.class\) was compiled for Java 21, and machines have Java 17: .*--release 17/);
    const lacking = appOf({ entry: "src", handler: "shop.Late" });
    mkdirSync(join(lacking, "lib"));
    writeFileSync(join(lacking, "src/shop/Late.java"), "package shop; class Gone {} public class Late extends Gone { public void x() {} }");
    const both = await compileFolder(join(lacking, "src/shop"));
    both.delete("shop/Gone.class");
    rmSync(join(lacking, "src/shop/Late.java"));
    writeFileSync(join(lacking, "lib/late.jar"), jarOf(both));
    await refused(lacking, /shop\.Late needs the class shop\.Gone, which is in none of the app's jars/);
  });

  test("compiles what a file's package and those beside it have, and of a build's folder the app's sources without its tests", async () => {
    const folder = appOf({ entry: "src/main/java/shop/web/Page.java", handler: "shop.web.Page::show" });
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write(
      "src/main/java/shop/web/Page.java",
      "package shop.web; public class Page { public String show() { return shop.data.Names.first; } }",
    );
    write("src/main/java/shop/data/Names.java", 'package shop.data; public class Names { public static String first = "Ada"; }');
    write("src/test/java/shop/web/PageTest.java", "package shop.web; import org.junit.Test; class PageTest {}");
    await bundleApp(folder);
    const manifestOf = (entry: string) => ({ name: "x", runtime: "java", functions: { f: { entry, handler: "shop.web.Page::show" } } });
    for (const entry of ["src", "src/main/java"]) {
      write("mayfly.json", JSON.stringify(manifestOf(entry)));
      await bundleApp(folder);
    }
    write("mayfly.json", JSON.stringify(manifestOf("src/test/java")));
    await refused(folder, /package org\.junit does not exist .*; jars of packages that the code imports go into the folder lib/);
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
