/** What a deploy of programs refuses, and which files of theirs it takes. */
import { inMemory } from "../../src/bundle/testing/in-memory.ts";
import assert from "node:assert/strict";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { compile } from "../../src/guest/runtimes/testing/compile.ts";
import { createScope, projectDir, startPlatform, temporaryFolder } from "../platform.ts";

const program = () => compile(join(projectDir, "examples/provided/bootstrap.c"));

describe("a deploy of programs", () => {
  const scope = createScope();
  after(() => scope.close());
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });
  const app = (manifest: object, files: Record<string, string | Buffer> = {}): string => {
    const folder = temporaryFolder(scope);
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: "x", ...manifest }));
    for (const [path, content] of Object.entries(files)) {
      writeFileSync(join(folder, path), content);
      chmodSync(join(folder, path), 0o644);
    }
    return folder;
  };
  const provided = (bootstrap: string | Buffer) => app({ runtime: "provided", functions: { f: { entry: "bootstrap" } } }, { bootstrap });
  const server = (command: string[], files: Record<string, string> = {}, more: object = {}) =>
    app({ runtime: "server", functions: { f: { command } }, ...more }, files);

  test("names what keeps a program from running in machines", async () => {
    const native = await program();
    const arm = Buffer.from(native);
    arm.writeUInt16LE(183, 18);
    await refused(provided(arm), /function f.*bootstrap is not for x86-64/);
    const musl = Buffer.from(native.toString("latin1").replace("/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1\0\0\0"), "latin1");
    await refused(provided(musl), /needs the loader \/lib\/ld-musl-x86_64\.so\.1, which machines lack/);
    const lacking = Buffer.from(native.toString("latin1").replaceAll("libc.so.6", "libq.so.6"), "latin1");
    await refused(provided(lacking), /needs the library libq\.so\.6, which machines lack/);
    const newer = Buffer.from(native.toString("latin1").replaceAll("GLIBC_2.34", "GLIBC_2.99"), "latin1");
    await refused(provided(newer), /needs GLIBC_2\.99 of libc\.so\.6, which is older in machines/);
    await refused(provided("#!/usr/bin/python3\n"), /needs the interpreter \/usr\/bin\/python3, which machines lack/);
    await refused(provided("hello"), /neither a program for Linux on x86-64 nor a script/);
    await refused(server(["ruby", "app.rb"], { "app.rb": "" }), /ruby is no program of machines/);
    await refused(server(["server"], { server: "" }), /server is no program of machines.*\.\/server/);
    await refused(
      server(["/usr/bin/python3", "app.py"], { "app.py": "" }),
      /\/usr\/bin\/python3 is no program of machines.*python3 for a command/,
    );
    await refused(server(["npm", "start"]), /npm is no program of machines.*: name what it would start, as in \["node", "server\.js"\]/);
    await refused(
      server(["app.jar"], { "app.jar": "" }),
      /app\.jar is no program of machines.*: a jar is run by \["java","-jar","app\.jar"\]/,
    );
    await refused(server(["sh", "-c", "./x"]), /sh is no program of machines.*: no shell reads the command/);
    await refused(server(["python", "app.py"]), /python is no program of machines.*: Python is called python3/);
    await refused(server(["waitress-serve", "app:app"]), /run as a module, as in \["python3", "-m", "waitress"\]/);
    await refused(server(["/usr/bin/env", "node"]), /\/usr\/bin\/env is no program of machines/);
  });

  test("takes a library that travels with the app, where the app's variables say it is", async () => {
    const native = await program();
    const needs = Buffer.from(native.toString("latin1").replaceAll("libc.so.6", "libq.so.6"), "latin1");
    const folder = app(
      { runtime: "provided", functions: { f: { entry: "bootstrap" } }, files: ["*.so.6"], env: { LD_LIBRARY_PATH: "/var/task" } },
      { bootstrap: needs, "libq.so.6": native },
    );
    assert.equal((await bundleApp(folder)).files.count, 2);
  });

  test("refuses a command that leads out of the folder or to nothing, and keys of the other runtimes", async () => {
    const bad = "bad-manifest";
    await refused(server(["./no-such"]), /functions\.f\.command begins with "\.\/no-such", but there is no such file/, bad);
    await refused(server(["../../bin/sh"]), /must stay inside/, bad);
    const folder = server(["./link"]);
    symlinkSync(process.execPath, join(folder, "link"));
    await refused(folder, /link that leads out/, bad);
    await refused(app({ runtime: "server", functions: { f: { entry: "a.js" } } }), /functions\.f\.command .*is required/, bad);
    await refused(
      app({ runtime: "server", functions: { f: { entry: "a.js", command: ["./a"] } } }),
      /functions\.f\.entry is .* must be left out/,
      bad,
    );
    await refused(
      app({ runtime: "provided", functions: { f: { command: ["./a"] } } }),
      /functions\.f\.command .*is a key of the runtime/,
      bad,
    );
    await refused(app({ functions: { f: {} } }), /functions\.f\.entry .*is required/, bad);
  });

  test("takes the files that a command names, and what scripts among them import, and warns of packages", async () => {
    const folder = server(["node", "server.mjs", "own.json", "other"], {
      "server.mjs":
        'import "./part.mjs"; import "express"; express.static("public"); readFileSync(new URL("./own.json", import.meta.url));',
      public: "a folder in most apps",
      "part.mjs": "",
      "own.json": "{}",
      "unused.mjs": "",
    });
    const { bundles, files, warnings } = await bundleApp(folder);
    assert.deepEqual(files.named, ["own.json", "part.mjs", "server.mjs"]);
    assert.equal(warnings.length, 2);
    assert.match(warnings[1]!, /^public is named here \(server\.mjs:1:\d+\), but it is not in the machine/);
    assert.match(warnings.join("\n"), /imports express \(server\.mjs:1:\d+\), which is not in the machine/);
    assert.deepEqual(
      inMemory(bundles).map(({ function: name, format, code }) => [name, format, name === "f" ? code.byteLength : "files"]),
      [
        ["f", "server", 0],
        ["", "files", "files"],
      ],
    );
  });

  test("is refused by the server if its code and files do not fit its manifest", async () => {
    const platform = await startPlatform(scope, { driver: "process", kernel: "linux" });
    const { manifest, bundles } = await bundleApp(provided(await program()));
    const refuse = (changed: typeof bundles, what: RegExp) =>
      assert.rejects(platform.client.deploy(manifest, changed), { code: "bad-request", message: what });
    const [first, ...rest] = bundles as [(typeof bundles)[0], ...typeof bundles];
    await refuse([{ ...first, code: Buffer.from("x") }, ...rest], /has 1 bytes, and must have none/);
    await refuse(
      bundles.filter(({ format }) => format !== "files"),
      /entry of function f is bootstrap, which is not among the app's files/,
    );
    await refuse([{ ...first, format: "server" }, ...rest], /format server, which the manifest's runtime provided does not run/);
  });
});
