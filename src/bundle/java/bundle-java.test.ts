/** Which Java a deploy takes, of what people and their builds lay out. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { compileFolder, jarOf } from "../../guest/runtimes/java/testing/java-agent.ts";
import { readFileList } from "../../store/catalog/app-files.ts";
import { bundleApp } from "../bundle-app.ts";
import { inMemory } from "../testing/in-memory.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mayfly-java-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string | Buffer = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** A class with a method for a handler, and what else its body has. */
const source = (pack: string, name: string, body = "") =>
  `package ${pack}; public class ${name} { public String run(String input) { return input; } ${body} }`;

function deploy(entry: string, handler: string, files: string[] = []) {
  write("mayfly.json", JSON.stringify({ name: "app", runtime: "java", functions: { f: { entry, handler } }, files }));
  return bundleApp(root);
}

const filesOf = ({ bundles }: Awaited<ReturnType<typeof deploy>>) => readFileList(inMemory(bundles).at(-1)!.code);

const refused = (deployed: Promise<unknown>, message: RegExp) => assert.rejects(deployed, { code: "build-failed", message });

/** The classes of sources, which are not in the app's folder then. */
async function compiled(sources: Record<string, string>): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-java-"));
  try {
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, name), text);
    return await compileFolder(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a description of a module is no hindrance: in machines all is on the class path", async () => {
  write("src/module-info.java", "module shop { requires nowhere.at.all; }");
  write("src/shop/Upper.java", source("shop", "Upper"));
  await deploy("src", "shop.Upper::run");
});

test("what a build has generated is left out, but not a package that is called as a build's folder is", async () => {
  write("src/shop/build/Tool.java", source("shop.build", "Tool"));
  write("src/target/generated/shop/Broken.java", "package shop; class Broken { int x = nothing; }");
  write("src/bin/Loose.java", "class Loose { int x = nothing; }");
  const files = filesOf(await deploy("src", "shop.build.Tool::run"));
  assert.deepEqual(
    files.map(([path]) => path),
    ["classes/shop/build/Tool.class"],
  );
});

test("resources of Maven's and Gradle's layout are beside the classes, whether entry names the folder or a file; hidden ones stay", async () => {
  write("src/main/java/shop/Upper.java", source("shop", "Upper"));
  write("src/main/resources/shop/texts.properties", "a=b");
  write("src/main/resources/META-INF/services/x.Y", "z");
  write("src/main/resources/.env", "secret");
  write("src/test/resources/more.txt", "more");
  for (const entry of [".", "src", "src/main/java", "src/main/java/shop/Upper.java"])
    assert.deepEqual(
      filesOf(await deploy(entry, "shop.Upper::run")).map(([path]) => path),
      ["classes/META-INF/services/x.Y", "classes/shop/Upper.class", "classes/shop/texts.properties"],
    );
});

test("what the compiler cannot find is named, and which Java it is for; so is how a call and a method differ", async () => {
  write("src/shop/Upper.java", source("shop", "Upper", "Object pool = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor();"));
  await refused(
    deploy("src", "shop.Upper::run"),
    /cannot find symbol: method newVirtualThreadPerTaskExecutor\(\) in class Executors \(src\/shop\/Upper\.java:1\); machines have Java 17/,
  );
  write("src/shop/Upper.java", source("shop", "Upper", "void two(int a, int b) { two(1); }"));
  await refused(deploy("src", "shop.Upper::run"), /cannot be applied to given types: required int,int, found int, reason .* \(src\/shop/);
});

test("a public method is found beside a private one of its name", async () => {
  write("src/shop/Both.java", source("shop", "Both", "private String run() { return null; }"));
  await deploy("src", "shop.Both::run");
  write("src/shop/Inner.java", source("shop", "Inner", "String hidden() { return null; }"));
  await refused(deploy("src", "shop.Inner::hidden"), /shop\.Inner has no public method hidden/);
});

test("a class is found whose name Java cannot write, as those of other languages", async () => {
  const bytes = (await compiled({ "Upper.java": source("shop", "Upper") })).get("shop/Upper.class")!;
  write("app.jar", jarOf(new Map(["shop/native/Upper.class", "shop/Upper$.class", "shop/Two$Parts.class"].map((name) => [name, bytes]))));
  for (const handler of ["shop.native.Upper::run", "shop.Upper$::run", "shop.Two$Parts::run"]) await deploy("app.jar", handler);
  await refused(deploy("app.jar", "shop.native.Upper2::run"), /must name a class/);
  await refused(deploy("app.jar", "shop.Two$Other::run"), /class shop\.Two\.Other is in none/);
});

test("classes that travel by `files` are on the class path, and none of them takes the place of one that is compiled", async () => {
  const classes = await compiled({ "Upper.java": source("shop", "Upper"), "Lower.java": source("shop", "Lower") });
  write("classes/shop/Upper.class", classes.get("shop/Upper.class"));
  write("app.jar", jarOf(new Map([["shop/Lower.class", classes.get("shop/Lower.class")!]])));
  await deploy("app.jar", "shop.Upper::run", ["classes/**"]);
  await refused(deploy("app.jar", "shop.Upper::run"), /class shop\.Upper is in none/);
  write("src/shop/Upper.java", source("shop", "Upper"));
  write("classes/shop/Upper.class", "stale");
  const files = filesOf(await deploy("src", "shop.Upper::run", ["classes/**"]));
  assert.equal(files.length, 1);
  assert.ok(files[0]![1] > "stale".length);
});

test("an app may have more jars than fit into a command line", async () => {
  write("src/shop/Upper.java", source("shop", "Upper"));
  const name = "x".repeat(200);
  for (let at = 0; at < 600; at++) write(`lib/${name}${at}.jar`, jarOf(new Map()));
  assert.equal((await deploy("src", "shop.Upper::run")).files.count, 601);
});

test("a jar that is none is named", async () => {
  write("app.jar", "version https://git-lfs.github.com/spec/v1\n");
  await refused(deploy("app.jar", "shop.Upper::run"), /app\.jar is no jar that Java can read/);
});

test("what a processor of annotations would write is told as such", async () => {
  write("lib/writer.jar", jarOf(new Map([["META-INF/services/javax.annotation.processing.Processor", Buffer.from("writer.Writer")]])));
  write("src/shop/Upper.java", source("shop", "Upper", "int x = new Upper().getX();"));
  await refused(
    deploy("src", "shop.Upper::run"),
    /cannot find symbol: method getX\(\) in class Upper .*; what processors of annotations .* of lib\/writer\.jar, is not there/,
  );
});

test("nothing of a jar runs at a deploy, not even as a plugin of the compiler", async () => {
  const mark = join(root, "mark");
  const work = `static { try { new java.io.File(${JSON.stringify(mark)}).createNewFile(); } catch (java.io.IOException error) {} }`;
  const methods =
    'public String getName() { return "x"; } public boolean autoStart() { return true; } public void init(com.sun.source.util.JavacTask task, String... words) {}';
  const classes = await compiled({ "X.java": `package own; public class X implements com.sun.source.util.Plugin { ${work} ${methods} }` });
  write("lib/plugin.jar", jarOf(classes.set("META-INF/services/com.sun.source.util.Plugin", Buffer.from("own.X\n"))));
  write("src/shop/Upper.java", source("shop", "Upper"));
  await deploy("src", "shop.Upper::run");
  assert.ok(!existsSync(mark));
});

test("a class that the jars of two folders have is warned of; of jars that are named, each function has its own", async () => {
  const jar = jarOf(await compiled({ "Upper.java": source("shop", "Upper") }));
  for (const folder of ["a", "b"]) write(`${folder}/app.jar`, jar);
  const deployBoth = async (entries: string[]) => {
    const functions = Object.fromEntries(entries.map((entry, at) => [`f${at}`, { entry, handler: "shop.Upper::run" }]));
    write("mayfly.json", JSON.stringify({ name: "app", runtime: "java", functions }));
    return (await bundleApp(root)).warnings;
  };
  assert.match(
    (await deployBoth(["a", "b"])).join("\n"),
    /^functions\.f0: the class shop\.Upper is in a\/app\.jar and b\/app\.jar, .*\nfunctions\.f1: /,
  );
  assert.deepEqual(await deployBoth(["a/app.jar", "b/app.jar"]), []);
});
