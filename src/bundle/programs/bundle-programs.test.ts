/** What a deploy says of programs, before anything is uploaded. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { makeElf } from "../../images/elf/testing/make-elf.ts";
import { bundleApp } from "../bundle-app.ts";

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
