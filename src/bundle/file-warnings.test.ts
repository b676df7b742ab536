import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { bundleApp } from "./bundle-app.ts";
import { AppFolder } from "./testing/app-folder.ts";

let folder: AppFolder;
beforeEach(() => (folder = new AppFolder()));
afterEach(() => folder.remove());

async function warningsOf(code: string): Promise<string[]> {
  folder.app(`${code}; export const handler = () => 1;`);
  return (await folder.bundle()).warnings;
}

const imports =
  'import fs from "node:fs"; import { readFile } from "node:fs/promises"; import path, { join } from "node:path"; import { fileURLToPath } from "node:url"; import { Worker } from "node:worker_threads";';

describe("what the app's own code names", () => {
  const cases: [what: string, code: string, file: string][] = [
    [
      "readFileSync of a path by import.meta.url",
      'fs.readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "views/t.sql"))',
      "views/t.sql",
    ],
    ["a path by import.meta.dirname", 'const file = join(import.meta.dirname, "views", "t.sql"); readFile(file)', "views/t.sql"],
    ["a path by __dirname", "fs.createReadStream(__dirname + '/views/t.sql')", "views/t.sql"],
    ["a path in a template", "fs.readFileSync(`${import.meta.dirname}/views/t.sql`)", "views/t.sql"],
    ["a URL", 'readFile(new URL("./views/t.sql", import.meta.url))', "views/t.sql"],
    ["a worker", 'new Worker(new URL("./views/w.mjs", import.meta.url))', "views/w.mjs"],
    ["a path by the working directory", 'readFile(join(process.cwd(), "views/t.sql"))', "views/t.sql"],
    ["a relative path", 'fs.readFileSync("views/t.sql")', "views/t.sql"],
    ["a folder that an option names", 'globalThis.set({ loadPath: "./views/{{lng}}.json" })', "views"],
    ["a folder of views", 'globalThis.app?.set("views", "./views")', "views"],
    ["static files", 'globalThis.express?.static("views")', "views"],
    ["a file that another package is to read", 'globalThis.ejs?.renderFile(join(import.meta.dirname, "views/t.sql"), {})', "views/t.sql"],
  ];
  for (const [what, code, file] of cases) {
    test(`travels if it is a file, and is warned about if it is a folder: ${what}`, async () => {
      folder.write("views/t.sql", "select 1");
      folder.write("views/w.mjs", "");
      folder.app(`${imports}\n${code}; export const handler = () => 1;`);
      const { warnings, files } = await bundleApp(folder.dir);
      if (file !== "views") return assert.deepEqual([files.named, warnings], [[file], []]);
      assert.deepEqual(files.named, []);
      assert.equal(warnings.length, 1, warnings.join("\n"));
      assert.match(warnings[0]!, /^main: views is named here \(main\.ts:2:\d+\), but it is not in the machine: .* as "views\/\*\*"/);
    });
  }

  test("is warned about: a path that is completed at run time", async () => {
    folder.write("views/t.sql", "");
    assert.match(
      (await warningsOf(`${imports} fs.readFileSync(join(import.meta.dirname, "views", process.argv[1]!))`)).join(),
      /a file beside the code is named here/,
    );
  });

  test("is warned about: a .env file that dotenv would read, and a config folder", async () => {
    folder.pack("dotenv", "exports.config = () => {};");
    folder.pack("config", "exports.get = () => {};");
    folder.write(".env", "A=1");
    folder.write("config/default.json", {});
    const warnings = await warningsOf('import "dotenv"; import "config"');
    assert.deepEqual(
      warnings.map((warning) => warning.split(" is")[0]),
      ["main: .env", "main: the folder config"],
    );
  });

  test("is warned about: a transport of pino, which is a worker of its own", async () => {
    folder.pack("pino", "module.exports = () => {};");
    assert.match((await warningsOf('import pino from "pino"; pino({ transport: { target: "pino/file" } })')).join(), /transport/);
    assert.deepEqual(await warningsOf('import pino from "pino"; pino({ level: "info" })'), []);
  });
});

describe("a deploy does not warn", () => {
  const cases: [what: string, code: string][] = [
    ["of files outside of the folder", 'fs.readFileSync("/etc/hostname"); fs.writeFileSync(join("/tmp", "x"), "")'],
    [
      "of files that are not there in the folder either",
      'fs.existsSync(join(import.meta.dirname, "gone.txt")) && fs.readFileSync("gone.txt")',
    ],
    ["of text that looks like a path and is none", 'globalThis.type = "application/json"; console.log("a/b.c", "package-lock.json")'],
    ["of the place alone", "console.log(import.meta.url, __dirname, fileURLToPath(import.meta.url), process.cwd())"],
    ["of what is imported", 'import("./views/w.mjs"); import.meta.url; const sql = "x"'],
  ];
  for (const [what, code] of cases) {
    test(what, async () => {
      folder.write("views/w.mjs", "");
      assert.deepEqual(await warningsOf(`${imports}\n${code}`), []);
    });
  }
});

describe("a deploy warns about a package", () => {
  const cases: [what: string, code: string, told: RegExp][] = [
    [
      "for a file that it reads as it is loaded",
      'require("fs").readFileSync(require("path").resolve(__dirname, "data/a.css"), "utf8")',
      /the package p reads node_modules\/p\/data\/a\.css \(node_modules\/p\/index\.js:1:\d+\)/,
    ],
    [
      "for files of a table",
      'const dir = __dirname + "/data"; const files = { a: dir + "/a.css" }; exports.get = () => require("fs").openSync(files.a)',
      /the package p reads/,
    ],
    [
      "for files that it tries one after the other",
      'const all = [__dirname + "/data/a.css"]; all.push(1); exports.get = () => { for (const each of all) require("fs").readFileSync(each); }',
      /the package p reads/,
    ],
    [
      "for a worker",
      'exports.start = () => new (require("worker_threads").Worker)(__dirname + "/data/a.css"); const { Worker } = require("worker_threads"); exports.x = () => new Worker(require("path").join(__dirname, "data/a.css"))',
      /the package p reads/,
    ],
    [
      "for a worker that a pool is told of in compiled code",
      'const path_1 = require("path"); exports.start = (pool) => pool.run({ filename: (0, path_1.resolve)(__dirname, "pool-worker.js") })',
      /the package p reads node_modules\/p\/pool-worker\.js/,
    ],
    [
      "for WebAssembly beside its loader",
      'const find = (name) => __dirname + "/" + name; const read = (file) => require("fs").readFileSync(file); exports.get = () => read(find("b.wasm"))',
      /the package p reads node_modules\/p\/b\.wasm/,
    ],
  ];
  for (const [what, code, told] of cases) {
    test(what, async () => {
      folder.pack("p", code, { "data/a.css": "", "b.wasm": "", "pool-worker.js": "" });
      const warnings = await warningsOf('import "p"');
      assert.equal(warnings.length, 1, warnings.join("\n"));
      assert.match(warnings[0]!, told);
    });
  }

  test("not for a file in the bundle, even if its path can't be followed", async () => {
    const code =
      'let dir = ""; dir = __dirname + "/"; const find = (name) => dir + name; const file = "b.wasm"; exports.get = () => require("fs").readFileSync(dir + find(file))';
    folder.pack("q", code, { "b.wasm": "x" });
    assert.match((await warningsOf('import "q"')).join(), /the package q reads node_modules\/q\/b\.wasm/);
    assert.deepEqual(await warningsOf('import "q"; import bytes from "q/b.wasm"; globalThis.bytes = bytes'), []);
  });

  test("not for a file in the bundle", async () => {
    folder.pack("p", 'const read = (file) => require("fs").readFileSync(file); exports.get = () => read(__dirname + "/" + "b.wasm")', {
      "b.wasm": "x",
    });
    assert.deepEqual(await warningsOf('import "p"; import bytes from "p/b.wasm"; globalThis.bytes = bytes'), []);
  });

  test("not for what require.resolve() finds", async () => {
    folder.pack("p", 'exports.read = (name) => require("fs").readFileSync(require.resolve(name), "utf8")');
    assert.deepEqual(await warningsOf('import "p"'), []);
  });

  test("not for missing files, nor for files of the package's user", async () => {
    folder.pack(
      "p",
      'const fs = require("fs"); exports.read = (file) => fs.readFileSync(file); try { fs.readFileSync(__dirname + "/gone.json"); } catch {}',
    );
    assert.deepEqual(await warningsOf('import "p"'), []);
  });
});

test("an import of a file of an unknown kind is refused with how to make it work", async () => {
  folder.write("q.sql", "select 1");
  folder.app('import q from "./q.sql"; export const handler = () => q;');
  await assert.rejects(folder.bundle(), { code: "build-failed", message: /q\.sql.*with \{ type: "text" \}/ });
  folder.app(
    'import q from "./q.sql" with { type: "text" }; import b from "./q.sql" with { type: "bytes" }; export const handler = () => [q, b.length];',
  );
  assert.deepEqual(await folder.run(), { value: ["select 1", 8], warnings: [] });
});
