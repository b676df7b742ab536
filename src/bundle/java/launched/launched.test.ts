/** What becomes of servers that are named as one source file in Java, with the Java of machines. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../../base/config/load.ts";
import { compileFolder, jarOf } from "../../../guest/runtimes/java/testing/java-agent.ts";
import { fetchJava } from "../../../images/java/java-runtime.ts";
import { LIST_AT, readFileList } from "../../../store/catalog/app-files.ts";
import { bundleApp, type BundledApp } from "../../bundle-app.ts";
import { inMemory } from "../../testing/in-memory.ts";
import { javaCompiler } from "../javac.ts";

const surroundings = { cacheDir: cacheFolder(), progress: () => undefined };

let root: string;
let machine: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mayfly-launched-"));
  machine = mkdtempSync(join(tmpdir(), "mayfly-machine-"));
});
afterEach(() => [root, machine].forEach((folder) => rmSync(folder, { recursive: true })));

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function deploy(command: string[], more: object = {}): Promise<BundledApp> {
  write("mayfly.json", JSON.stringify({ name: "app", runtime: "server", functions: { web: { command } }, ...more }));
  return bundleApp(root);
}

const commandOf = ({ manifest }: BundledApp) => manifest.functions["web"]!.command;
const pathsOf = ({ bundles }: BundledApp) => readFileList(inMemory(bundles).at(-1)!.code).map(([path]) => path);

/** Lays an app's files out as a machine does. */
function unpack({ bundles }: BundledApp): void {
  const code = Buffer.from(inMemory(bundles).at(-1)!.code);
  let at = LIST_AT + code.readUInt32LE(0);
  for (const [path, bytes] of readFileList(code)) {
    mkdirSync(dirname(join(machine, path)), { recursive: true });
    writeFileSync(join(machine, path), code.subarray(at, (at += bytes)));
  }
}

async function run(command: string[], cwd: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const [program, ...before] = (await fetchJava(surroundings.cacheDir)).command;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...command.slice(1)], {
    cwd,
    env: { LANG: "C.UTF-8" },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Deploys an app, and runs what a machine would run, and its own command. Both must end in the same way. @returns what was printed */
async function runBoth(command: string[], more: object = {}): Promise<string> {
  const app = await deploy(command, more);
  const own = commandOf(app)!;
  assert.ok(
    own.some((word) => word.startsWith(".classes/web:")),
    own.join(" "),
  );
  unpack(app);
  const [ours, theirs] = [await run(own, machine), await run(command, machine)];
  assert.deepEqual(ours, theirs);
  return ours.stdout;
}

test("the example is compiled at the deploy, to the same bytes each time, and travels with its source", async () => {
  const folder = fileURLToPath(new URL("../../../../examples/java-server", import.meta.url));
  const [app, again] = [await bundleApp(folder), await bundleApp(folder)];
  assert.deepEqual(commandOf(app), ["java", "-cp", ".classes/web:.", "Counter"]);
  assert.deepEqual(pathsOf(app), [".classes/web/Counter.class", "Counter.java"]);
  assert.deepEqual(app.files.named, ["Counter.java"]);
  assert.deepEqual(again, app);
});

test("the first class of the file is run, with the command's words for Java and for the program", async () => {
  write("words.txt", "tüte");
  write(
    "src/First.java",
    `package shop; // class Comment {}
class First extends Second {
  record Pair(String a, int b) {}
  public static void main(String[] words) throws Exception {
    boolean asserts = false;
    assert asserts = true;
    Runnable own = new Runnable() { public void run() { System.out.println(getClass().getName()); } };
    own.run();
    var text = First.class.getResourceAsStream("/words.txt");
    System.out.println(new Pair(new String(text.readAllBytes(), "UTF-8") + "ü", 2) + " " + name() + " " + asserts + " " + System.getProperty("greeting"));
    System.out.println(String.join("|", words) + " " + java.nio.file.Files.exists(java.nio.file.Path.of("src/First.java")));
  }
}
class Second extends Third { public static void main(String[] words) throws Exception { System.out.println("second"); } }
class Third { static String name() { return "third"; } }
`,
  );
  const command = ["java", "-Xmx64m", "-Dgreeting=good day", "-ea", "./src/First.java", "a b", "-cp", "Other.java"];
  const printed = await runBoth(command, { files: ["words.txt"] });
  assert.equal(printed, "shop.First$1\nPair[a=tüteü, b=2] third true good day\na b|-cp|Other.java true\n");
});

test("jars and classes of the command's class path are there, and the language is that of --source", async () => {
  write("own/Upper.java", "package own; public class Upper { public static String of(String text) { return text.toUpperCase(); } }");
  write("lib/upper.jar", jarOf(await compileFolder(join(root, "own"))));
  const use = "class Main { public static void main(String[] words) { var record = own.Upper.of(words[0]); System.out.println(record); } }";
  write("Main.java", use);
  const files = ["lib/*.jar"];
  assert.equal(await runBoth(["java", "-cp", "lib/*:.", "--source", "11", "Main.java", "hi"], { files }), "HI\n");
  assert.equal(await runBoth(["java", "-classpath", "lib/upper.jar", "Main.java", "ho"]), "HO\n");
  write("Main.java", use.replace("class Main", "record Main(int a)"));
  await refused(["java", "--source", "11", "-cp", "lib/*", "Main.java"], /\(Main\.java:1\)/, { files });
});

test("a main method that throws, or is missing, ends the program as Java ends it", async () => {
  write("Main.java", 'class Main {\n  public static void main(String[] words) {\n    throw new IllegalStateException("no");\n  }\n}\n');
  assert.equal(await runBoth(["java", "Main.java"]), "");
  write("None.java", "class None {}");
  const app = await deploy(["java", "None.java"]);
  unpack(app);
  assert.equal((await run(commandOf(app)!, machine)).status, 1);
});

function refused(command: string[], message: RegExp, more: object = {}): Promise<void> {
  return assert.rejects(deploy(command, more), { code: "build-failed", message });
}

test("errors are told at the deploy, with the file and the line", async () => {
  write("src/Main.java", "class Main {\n  int x = nothing;\n}\n");
  await refused(["java", "src/Main.java"], /function web .*: cannot find symbol: variable nothing in class Main \(src\/Main\.java:2\)\./);
  write("src/Main.java", "import org.shop.Cart;\nclass Main {}\n");
  await refused(
    ["java", "src/Main.java"],
    /package org\.shop does not exist \(src\/Main\.java:1\); jars of packages .* by -cp, and travel by `files`/,
  );
  // It is there, but not in machines.
  write("own/Helper.java", "class Helper {}");
  write("Helper.class", (await compileFolder(join(root, "own"))).get("Helper.class")!);
  write("Main.java", "class Main { Helper helper; }");
  await refused(["java", "Main.java"], /cannot find symbol: class Helper in class Main \(Main\.java:1\)/);
  await deploy(["java", "Main.java"], { files: ["Helper.class"] });
  write("Main.java", "class Main {}");
  await refused(["java", "--source", "99", "Main.java"], /release version 99 not supported/);
});

test("a command stays as it is where classes would differ from what Java makes of the source", async () => {
  const stays = async (command: string[], more: object = {}) => {
    const app = await deploy(command, more);
    assert.deepEqual(commandOf(app), command);
    assert.ok(!pathsOf(app).some((path) => path.startsWith(".classes/")));
  };
  const main = 'class Main { public static void main(String[] words) { System.out.println("hi"); } }';
  // javac wants a public class in a file of its name, and takes no bytes that are no UTF-8.
  write("server.java", `public ${main}`);
  await stays(["java", "server.java"]);
  write("Latin.java", Buffer.from(`/* \xfc */ ${main}`, "latin1"));
  await stays(["java", "Latin.java"]);
  // The code is told that it comes from Main.java.
  write("Where.java", main.replace('"hi"', "Main.class.getProtectionDomain().getCodeSource()"));
  await stays(["java", "Where.java"]);
  write("Main.java", main);
  await stays(["java", "-cp", "x".repeat(1_020), "Main.java"]);
  await stays(["java", "Main.java"], { env: { JAVA_TOOL_OPTIONS: "-Dx=y" } });
  // A class of the name that others on the class path would see.
  write("own/Main.java", main);
  const classes = await compileFolder(join(root, "own"));
  write("old/Main.class", classes.get("Main.class")!);
  write("lib/old.jar", jarOf(classes));
  await stays(["java", "Main.java"], { files: ["old/**"] });
  await stays(["java", "-cp", "lib/*", "Main.java"], { files: ["lib/*"] });
  assert.notDeepEqual(commandOf(await deploy(["java", "Main.java"])), ["java", "Main.java"]);
});

test("each function has classes of its own, also beside functions of other runtimes", async () => {
  write("a/Main.java", "class Main { public static void main(String[] words) { } }");
  write("b/Main.java", "class Main { public static void main(String[] words) { } }");
  write("page.js", "exports.handler = () => 1;");
  write("server.mjs", "");
  const functions = {
    b: { command: ["java", "b/Main.java"] },
    page: { entry: "page.js", runtime: "node" },
    node: { command: ["node", "server.mjs"] },
    a: { command: ["java", "-ea", "a/Main.java", "x"] },
  };
  const app = await deploy([], { functions });
  assert.deepEqual(
    Object.entries(app.manifest.functions).map(([name, { command }]) => [name, command]),
    [
      ["b", ["java", "-cp", ".classes/b:.", "Main"]],
      ["page", undefined],
      ["node", ["node", "server.mjs"]],
      ["a", ["java", "-ea", "-cp", ".classes/a:.", "Main", "x"]],
    ],
  );
  for (const path of [".classes/a/Main.class", ".classes/b/Main.class"]) assert.ok(pathsOf(app).includes(path), path);
});

test("nothing of a jar on the class path runs at a deploy", async () => {
  const mark = join(root, "mark");
  write(
    "own/X.java",
    `package own; public class X implements com.sun.source.util.Plugin {
static { try { new java.io.File(${JSON.stringify(mark)}).createNewFile(); } catch (java.io.IOException error) {} }
public String getName() { return "x"; }
public boolean autoStart() { return true; }
public void init(com.sun.source.util.JavacTask task, String... words) {} }`,
  );
  const classes = await compileFolder(join(root, "own"));
  write("lib/plugin.jar", jarOf(classes.set("META-INF/services/com.sun.source.util.Plugin", Buffer.from("own.X\n"))));
  write("Main.java", "class Main {}");
  const app = await deploy(["java", "-cp", "lib/plugin.jar", "Main.java"]);
  assert.deepEqual(commandOf(app), ["java", "-cp", ".classes/web:lib/plugin.jar", "Main"]);
  assert.ok(!existsSync(mark));
});

test("the compiler is killed when its time is over, which is told with what to do", async () => {
  const compiler = await javaCompiler(machine, surroundings, 1);
  const message = /function web .*: Java's compiler had not ended after .* minutes, and was killed: deploy again .*a jar, and name that/;
  await assert.rejects(compiler("web", ["-version"]), { code: "build-failed", message });
});
