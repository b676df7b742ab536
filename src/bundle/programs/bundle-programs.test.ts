/** What a deploy says of commands, before anything is uploaded. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { bundleApp } from "../bundle-app.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mayfly-programs-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function deploy(command: string[], files: Record<string, string> = {}) {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  writeFileSync(join(root, "mayfly.json"), JSON.stringify({ name: "app", runtime: "server", functions: { f: { command } } }));
  return bundleApp(root);
}

test("a parameter may be longer than any file's name", async () => {
  const script = `require("node:http").createServer((_, reply) => reply.end(${JSON.stringify("x".repeat(300))})).listen(process.env.PORT)`;
  assert.deepEqual((await deploy(["node", "-e", script])).warnings, []);
  assert.deepEqual((await deploy(["node", "-e", "x".repeat(300)])).files.named, []);
});

const scripts: [name: string, text: string, message: RegExp][] = [
  ["server.js", "", /\.\/server\.js is neither a program .*: a script is run by \["node","\.\/server\.js"\]/],
  ["app.py", "#!/usr/bin/env python3\n", /\.\/app\.py needs the interpreter .*: a script is run by \["python3","\.\/app\.py"\]/],
  ["start.sh", "#!/bin/sh\n", /\.\/start\.sh needs the interpreter \/bin\/sh, .*: machines have no shell: name the program/],
  ["app.jar", "PK", /\.\/app\.jar is neither a program .*: a jar is run by \["java","-jar","\.\/app\.jar"\]/],
];
for (const [name, text, message] of scripts) {
  test(`${name} as a command of its own is refused with the command that would run it`, async () => {
    await assert.rejects(deploy([`./${name}`], { [name]: text }), { code: "build-failed", message });
  });
}
