/** Which files travel with an app: those that the manifest names, those that its code names, and packages as they are. */
import { inMemory } from "./testing/in-memory.ts";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { readFileList } from "../store/catalog/app-files.ts";
import { bundleApp } from "./bundle-app.ts";
import { collected } from "./files/collect.ts";
import { AppFolder } from "./testing/app-folder.ts";

let folder: AppFolder;
beforeEach(() => (folder = new AppFolder()));
afterEach(() => folder.remove());

async function filesOf(code: string, keys: object = {}): Promise<{ paths: string[]; warnings: string[] }> {
  folder.app(`${imports}\n${code}; export const handler = () => 1;`);
  folder.write("mayfly.json", { name: "shop", functions: { main: { entry: "main.ts" } }, ...keys });
  const { bundles, warnings } = await bundleApp(folder.dir);
  const files = inMemory(bundles).find(({ format }) => format === "files");
  return { paths: files === undefined ? [] : readFileList(files.code).map(([name]) => name), warnings };
}

const imports =
  'import fs from "node:fs"; import { readFile } from "node:fs/promises"; import path, { join } from "node:path"; import { Worker } from "node:worker_threads";';

describe("the key files", () => {
  test("names files by globs; wildcards match nothing hidden, no packages, no virtual environment and no manifest", async () => {
    for (const name of [
      "views/a.ejs",
      "views/deep/b.ejs",
      "views/.secret",
      ".env",
      "a.sql",
      "node_modules/p/x.sql",
      "lib/node_modules/q/y.sql",
      "venv/pyvenv.cfg",
      "venv/lib/z.sql",
      "parts/__pycache__/z.sql",
    ])
      folder.write(name, name);
    folder.write(".git/config", "");
    const of = async (...files: string[]) => (await filesOf("", { files })).paths;
    assert.deepEqual(await of("views/**"), ["views/a.ejs", "views/deep/b.ejs"]);
    assert.deepEqual(await of("*.sql", "**/*.sql"), ["a.sql"]);
    assert.deepEqual(await of("**"), ["a.sql", "main.ts", "package.json", "views/a.ejs", "views/deep/b.ejs"]);
    assert.deepEqual(await of(".env", "views/.secret", "node_modules/p/*"), [".env", "node_modules/p/x.sql", "views/.secret"]);
    assert.deepEqual(await of("venv/lib/*", "parts/__pycache__/**"), ["parts/__pycache__/z.sql", "venv/lib/z.sql"]);
  });

  test("links to folders become what they lead to, but for those that lead to a folder above them", async () => {
    folder.write("store/p@1/a.js", "");
    folder.write("store/p@1/[deep]/b.js", "");
    folder.write("views/c.ejs", "");
    const link = (to: string, from: string) => fs.symlinkSync(to, path.join(folder.dir, from));
    link("../store/p@1", "views/p");
    link("..", "store/p@1/up");
    link("../../views", "store/p@1/views");
    const of = async (...files: string[]) => (await filesOf("", { files })).paths;
    assert.deepEqual(await of("views/**"), ["views/c.ejs", "views/p/[deep]/b.js", "views/p/a.js"]);
    assert.deepEqual(await of("views/*"), ["views/c.ejs"]);
  });

  test("refuses what leaves the folder, and what matches nothing", async () => {
    folder.write("views/a.ejs", "");
    fs.symlinkSync("/etc/hostname", path.join(folder.dir, "out"));
    fs.symlinkSync("/nowhere/at/all", path.join(folder.dir, "dangling"));
    for (const [glob, expected] of [
      ["/etc/*", /files\[0\] is "\/etc\/\*", but must be a path inside of the app's folder/],
      ["views/../../x", /must be a path inside/],
      ["views/a.ejs/x.sql", /but nothing in the app's folder matches it/],
      ["gone/*.sql", /files\[0\] is "gone\/\*\.sql", but nothing in the app's folder matches it/],
      ["!views/a.ejs", /but nothing in the app's folder matches it: globs say what travels/],
      ["views", /only folders match it; for all files in one: "views\/\*\*"/],
      ["out", /out is a link that leads out of the app's folder/],
      ["dangling", /dangling is a link that leads nowhere/],
    ] as const)
      await assert.rejects(filesOf("", { files: [glob] }), { code: "bad-manifest", message: expected });
  });

  test("a file that is gone when it is read is named", async () => {
    const gone = () => collected([{ path: "views/a.ejs", from: path.join(folder.dir, "views/a.ejs") }], 0, "mayfly.json");
    assert.throws(gone, { code: "bad-manifest", message: /views\/a\.ejs would travel, but cannot be read: ENOENT/ });
  });

  test("files that are too large together are refused before they are read, with the figures", async () => {
    fs.writeFileSync(path.join(folder.dir, "big.bin"), "");
    fs.truncateSync(path.join(folder.dir, "big.bin"), 2 ** 30 + 1);
    await assert.rejects(filesOf("", { files: ["big.bin"] }), {
      code: "code-too-large",
      message: /1073741825 bytes; the limit is 1073741824/,
    });
  });

  test("ends the warnings about what it names", async () => {
    folder.write("views/a.ejs", "");
    const code = 'globalThis.app?.set("views", "./views"); fs.readFileSync(join(import.meta.dirname, "views", process.argv[1]!))';
    assert.equal((await filesOf(code)).warnings.length, 2);
    assert.deepEqual((await filesOf(code, { files: ["views/**"] })).warnings, []);
  });
});

describe("what the code names by literals", () => {
  test("a worker travels with what it imports by relative paths, and with the package.json of its kind", async () => {
    folder.write("workers/w.js", 'import { a } from "./part.mjs"; import p from "p"; a(p);');
    folder.write("workers/part.mjs", 'import data from "./data.json" with { type: "json" }; export const a = () => data;');
    folder.write("workers/data.json", {});
    folder.pack("p", "module.exports = 1;");
    const code = 'new Worker(new URL("./workers/w.js", import.meta.url))';
    const { paths, warnings } = await filesOf(code);
    assert.deepEqual(paths, ["package.json", "workers/data.json", "workers/part.mjs", "workers/w.js"]);
    assert.match(
      warnings.join(),
      /^this file travels as it is and imports p \(workers\/w\.js:1:\d+\), which is not in the machine: name it in `external`/,
    );
    const external = await filesOf(code, { external: ["p"] });
    assert.deepEqual([external.warnings, external.paths.includes("node_modules/p/index.js")], [[], true]);
    assert.deepEqual((await filesOf(code, { files: ["node_modules/p/*"] })).warnings, []);
  });

  test("hidden files do not travel by themselves", async () => {
    folder.write(".env.local", "SECRET=1");
    const { paths, warnings } = await filesOf('fs.readFileSync(join(import.meta.dirname, ".env.local"))');
    assert.deepEqual(paths, []);
    assert.match(warnings.join(), /\.env\.local is named here .* as "\.env\.local"/);
  });
});

describe("the key external", () => {
  test("ships packages as they are, with what they need, each where it is found", async () => {
    folder.pack("p", 'module.exports = require("q") + require("r");', { "data/x.txt": "x" }, { dependencies: { q: "1", r: "1" } });
    folder.pack("q", "module.exports = 1;", {}, { optionalDependencies: { "other-os": "1", gone: "1" } });
    folder.pack("r", "module.exports = 10;");
    folder.pack("p/node_modules/r", "module.exports = 20;");
    folder.pack("other-os", "", {}, { os: ["darwin"] });
    folder.pack("s", 'module.exports = require("r");', {}, { dependencies: { r: "1" } });
    const { paths } = await filesOf('import p from "p"; globalThis.p = p', { external: ["r", "p", "s"] });
    assert.deepEqual(
      paths.filter((name) => !name.endsWith("package.json")),
      [
        "node_modules/p/data/x.txt",
        "node_modules/p/index.js",
        "node_modules/p/node_modules/r/index.js",
        "node_modules/q/index.js",
        "node_modules/r/index.js",
        "node_modules/s/index.js",
      ],
    );
  });

  test("refuses what is not installed, and add-ons for other systems", async () => {
    await assert.rejects(filesOf("", { external: ["gone"] }), {
      code: "bad-manifest",
      message: /external names gone, but it is not installed for Linux: run npm install --os=linux --cpu=x64 --libc=glibc gone/,
    });
    folder.pack("mac", "", { "build/a.node": "\u00cf\u00fa\u00ed\u00fe and so on, as on a Mac" });
    await assert.rejects(filesOf("", { external: ["mac"] }), {
      message: /its native add-on node_modules\/mac\/build\/a\.node is not for Linux on x86-64/,
    });
    folder.pack("thin", "", {}, { optionalDependencies: { "thin-linux-x64-gnu": "1", "thin-darwin-arm64": "1" } });
    await assert.rejects(filesOf("", { external: ["thin"] }), {
      message: /its native add-on for Linux on x86-64 with glibc is not installed/,
    });
    folder.pack("unbuilt", "", {}, { gypfile: true });
    await assert.rejects(filesOf("", { external: ["unbuilt"] }), { message: /was neither built nor fetched/ });
    await assert.rejects(filesOf("", { external: ["../p"] }), { code: "bad-manifest" });
  });

  test("an add-on of which a package can do without was perhaps not built; one that is needed is refused by its name", async () => {
    folder.pack("unbuilt", "", {}, { gypfile: true });
    folder.pack("careful", "", {}, { optionalDependencies: { unbuilt: "1" }, peerDependencies: { unbuilt: "1" } });
    folder.pack("careless", "", {}, { dependencies: { unbuilt: "1" } });
    assert.ok((await filesOf("", { external: ["careful"] })).paths.includes("node_modules/unbuilt/index.js"));
    await assert.rejects(filesOf("", { external: ["careful", "careless"] }), {
      message: /what external names needs unbuilt, but its native add-on was neither built nor fetched/,
    });
  });

  test("an add-on for another version of Node is refused; one for this Node is shipped, and those for other systems are not", async () => {
    const elf = (text: string) => `\u007fELF\u0002\u0001${"\0".repeat(12)}\u003e\0${text}`;
    folder.pack("old", "", { "a.node": elf("node_register_module_v108") });
    await assert.rejects(filesOf("", { external: ["old"] }), { message: /built for another Node \(ABI 108; machines have Node \d+/ });
    folder.pack("good", "", {
      "prebuilds/linux-x64/good.node": elf("napi_register_module_v1"),
      "prebuilds/darwin-x64+arm64/good.node": "mac",
      "prebuilds/linux-arm64/good.node": "arm",
    });
    // As files, they are called so by better-sqlite3.
    folder.pack("flat", "", {
      "prebuilds/linux-x64.node": elf("napi_register_module_v1"),
      "prebuilds/linuxmusl-x64.node": elf("napi_register_module_v1"),
      "prebuilds/linux-arm64.node": "arm",
      "prebuilds/win32-x64.node": "windows",
    });
    const { paths } = await filesOf("", { external: ["good", "flat"] });
    assert.deepEqual(
      paths.filter((name) => name.endsWith(".node")),
      ["node_modules/flat/prebuilds/linux-x64.node", "node_modules/good/prebuilds/linux-x64/good.node"],
    );
  });
});
