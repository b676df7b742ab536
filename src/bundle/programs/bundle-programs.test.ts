/** What a deploy says of programs, before anything is uploaded. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { makeElf } from "../../images/elf/testing/make-elf.ts";
import { readFileList } from "../../store/catalog/app-files.ts";
import { bundleApp } from "../bundle-app.ts";
import { inMemory } from "../testing/in-memory.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mayfly-programs-"));
});
afterEach(() => rmSync(root, { recursive: true }));

type Files = Record<string, string | Buffer>;

function deploy(manifest: object, files: Files) {
  for (const [path, content] of Object.entries({ ...files, "mayfly.json": JSON.stringify({ name: "app", ...manifest }) })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return bundleApp(root);
}

const serve = (command: string[], files: Files = {}) => deploy({ runtime: "server", functions: { f: { command } } }, files);

test("a parameter may be longer than any file's name", async () => {
  const script = `require("node:http").createServer((_, reply) => reply.end(${JSON.stringify("x".repeat(300))})).listen(process.env.PORT)`;
  assert.deepEqual((await serve(["node", "-e", script])).warnings, []);
  assert.deepEqual((await serve(["node", "-e", "x".repeat(300)])).files.named, []);
});

const scripts: [name: string, text: string, message: RegExp][] = [
  ["server.js", "", /\.\/server\.js is neither a program .*: a script is run by \["node","\.\/server\.js"\]/],
  ["app.py", "#!/usr/bin/env python3\n", /\.\/app\.py needs the interpreter .*: a script is run by \["python3","\.\/app\.py"\]/],
  ["start.sh", "#!/bin/sh\n", /\.\/start\.sh needs the interpreter \/bin\/sh, .*: machines have no shell: name the program/],
  ["app.jar", "PK", /\.\/app\.jar is neither a program .*: a jar is run by \["java","-jar","\.\/app\.jar"\]/],
];
for (const [name, text, message] of scripts) {
  test(`${name} as a command of its own is refused with the command that would run it`, async () => {
    await assert.rejects(serve([`./${name}`], { [name]: text }), { code: "build-failed", message });
  });
}

test("LD_LIBRARY_PATH is heeded before the machine's folders, and from the task root on", async () => {
  const provide = (LD_LIBRARY_PATH: string, files: Files) =>
    deploy({ runtime: "provided", functions: { f: { entry: "bootstrap" } }, files: ["lib/*"], env: { LD_LIBRARY_PATH } }, files);
  await provide("lib", { bootstrap: makeElf({ needed: ["liba.so"] }), "lib/liba.so": makeElf() });
  const own = { bootstrap: makeElf({ needed: ["libc.so.6"] }), "lib/libc.so.6": makeElf({ needed: ["libgone.so"] }) };
  const message = /bootstrap needs the library libgone\.so \(of .*\), which machines lack/;
  await assert.rejects(provide("/var/task/lib", own), { code: "build-failed", message });
});

const missing: [command: string[], files: Files, message: RegExp][] = [
  [["node", "dist/main.js"], {}, /functions\.f\.command runs "dist\/main\.js", but there is no such file: build the app first/],
  [["node", "--enable-source-maps", "./main.mjs"], {}, /runs "\.\/main\.mjs", but there is no such file/],
  [["python3", "-u", "app.py"], {}, /runs "app\.py", but there is no such file/],
  [["java", "-Xmx99m", "-jar", "target/app.jar"], {}, /runs "target\/app\.jar", but there is no such file/],
  [
    ["node", ".output/server.mjs"],
    { ".output/server.mjs": "" },
    /runs "\.output\/server\.mjs", which does not travel by itself: name it in `files`/,
  ],
  [
    ["node", "node_modules/x/bin.js"],
    { "node_modules/x/bin.js": "", "node_modules/x/package.json": "{}" },
    /which does not travel by itself: name its package in `external`/,
  ],
];
for (const [command, files, message] of missing) {
  test(`${command.join(" ")} is refused if machines would not find that`, async () => {
    await assert.rejects(serve(command, files), { code: "bad-manifest", message });
  });
}

test("words that are no script of the folder are the program's own affair", async () => {
  await serve(["node", "-e", "x.js", "gone.js"]);
  await serve(["node", "main", "gone.js"], { "main.js": "" });
  await serve(["node", "server.js", "--config", "gone.js"], { "server.js": "" });
  await serve(["node", "/opt/gone.js"]);
});

test("a deploy warns of what only a shell would replace or heed", async () => {
  const server = { "server.js": "" };
  const warnings = async (...words: string[]) => (await serve(["node", "server.js", ...words], server)).warnings.join();
  for (const word of ["$PORT", "--port=${PORT}", "127.0.0.1:$PORT"])
    assert.match(await warnings(word), /^functions\.f: ".*PORT.*" reaches the program as it is written, .* and as PORT in `env`/);
  assert.match(await warnings("&&", "node", "other.js"), /"&&" reaches the program as it is written, .*: name one program/);
  assert.equal(await warnings("a$b", "x|y", "5$", "--price=5"), "");
  assert.deepEqual((await serve(["node", "-e", "const a=$PORT"])).warnings, []);
});

test("all modules of the folder travel with a server in Python, and what they name or import and lack is told", async () => {
  const files = {
    "main.py": 'import lib.parts\nimport nowhere\nopen("table.csv")\n',
    "lib/parts.py": "import deeper\n",
    "lib/deeper.py": "",
    "table.csv": "1",
    "other/script.py": "import elsewhere\n",
    ".venv/pyvenv.cfg": "",
    ".venv/lib.py": "",
  };
  for (const command of [
    ["python3", "-m", "uvicorn", "main:app"],
    ["python3", "-m", "main"],
    ["python3", "main.py"],
  ]) {
    const { bundles, warnings } = await serve(command, files);
    const paths = readFileList(inMemory(bundles).at(-1)!.code).map(([path]) => path);
    assert.deepEqual(paths, ["lib/deeper.py", "lib/parts.py", "main.py", "other/script.py"]);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /^nowhere is imported here \(main\.py:2\), .* name the package that brings it in requirements\.txt/);
    assert.match(warnings[1]!, /^table\.csv is named here \(main\.py:3\)/);
  }
  await assert.rejects(serve(["python3", "main.py"], { "main.py": "def\n" }), { code: "build-failed", message: /main\.py:1/ });
});
