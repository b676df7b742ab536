/** An app's files: they come with its Bind, before its code. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type BindFiles, type FileEntry, REHEARSAL_APP } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { functionOf, openSession, refusal, to } from "./session.ts";

export function describeFiles(adapter: AgentAdapter): void {
  test("files are below the task root, which is the working directory, before code is evaluated", async (t) => {
    const session = await openSession(t, adapter);
    const large = Buffer.alloc(3_000_000, "0123456789");
    const content = { "views/a.txt": "hello", "views/deep/er/b.bin": large, empty: "", "bin/run": "#!/bin/sh\n", "ünder the röot": "x" };
    const { message, bytes } = framesOf(content, "bin/run");
    await session.bindTo(["surroundings"], { files: message, preload: "surroundings" }, bytes);
    const { folder, text } = JSON.parse((await session.call(to("surroundings"))).text) as { folder: string; text: string };
    assert.deepEqual([folder, text], [session.taskRoot, "hello"]);
    for (const [path, expected] of Object.entries(content))
      assert.ok(readFileSync(join(session.taskRoot, path)).equals(Buffer.from(expected)), path);
    const modes = ["bin/run", "empty"].map((path) => statSync(join(session.taskRoot, path)).mode & 0o777);
    assert.deepEqual(modes, [0o755, 0o644]);
  });

  test("a rehearsal's files are gone at the next Bind", async (t) => {
    const session = await openSession(t, adapter);
    const old = framesOf({ "old/a.txt": "old", "views/a.txt": "old", "views/b.txt": "old" });
    await session.bindTo(["surroundings"], { app: REHEARSAL_APP, files: old.message }, old.bytes);
    assert.match((await session.call(to("surroundings"))).text, /"text": ?"old"/);
    const own = framesOf({ "views/a.txt": "new" });
    await session.bindTo(["surroundings"], { files: own.message }, own.bytes);
    assert.match((await session.call(to("surroundings"))).text, /"text": ?"new"/);
    assert.ok(!existsSync(join(session.taskRoot, "old")));
    assert.deepEqual(readdirSync(join(session.taskRoot, "views")), ["a.txt"]);
  });

  test("a function's code may be one of the files, beside functions whose code comes as frames", async (t) => {
    const session = await openSession(t, adapter);
    const { message, bytes } = framesOf({ [adapter.echoPath]: adapter.functions.echo.code });
    const code = Buffer.from(adapter.functions.same.code);
    const functions = [
      functionOf(adapter, "echo", { type: "file", path: adapter.echoPath }),
      functionOf(adapter, "same", { type: "frames", bytes: code.length }),
    ];
    await session.bindTo([], { files: message, functions }, Buffer.concat([bytes, code]));
    assert.equal((await session.call(to("echo"))).status, 201);
    assert.equal((await session.call(to("same"))).status, 200);
  });

  test("files in a folder of the machine are below the task root, and are not touched when a rehearsal's are removed", async (t) => {
    const session = await openSession(t, adapter);
    const folder = `${session.taskRoot}-large`;
    mkdirSync(join(folder, "views"), { recursive: true });
    writeFileSync(join(folder, "views/a.txt"), "there");
    writeFileSync(join(folder, adapter.echoPath.split("/").at(-1)!), adapter.functions.echo.code);
    const files: BindFiles = { type: "folder", path: folder };
    const before = framesOf({ "views/a.txt": "old" });
    await session.bindTo(["surroundings"], { app: REHEARSAL_APP, files: before.message }, before.bytes);
    await session.bindTo(["surroundings"], { app: REHEARSAL_APP, files });
    const echo = functionOf(adapter, "echo", { type: "file", path: adapter.echoPath.split("/").at(-1)! });
    const bytes = Buffer.from(adapter.functions.surroundings.code);
    const surroundings = functionOf(adapter, "surroundings", { type: "frames", bytes: bytes.length });
    await session.bindTo([], { files, functions: [echo, surroundings] }, bytes);
    const { folder: cwd, text } = JSON.parse((await session.call(to("surroundings"))).text) as { folder: string; text: string };
    assert.deepEqual([cwd, text], [session.taskRoot, "there"]);
    assert.equal((await session.call(to("echo"))).status, 201);
    assert.equal(readFileSync(join(folder, "views/a.txt"), "utf8"), "there");
  });

  test("a disk that cannot be mounted refuses the Bind", async (t) => {
    const session = await openSession(t, adapter);
    const files: BindFiles = { type: "folder", path: `${session.taskRoot}-disk`, device: "/dev/mayfly-no-disk" };
    await assert.rejects(session.bindTo(["echo"], { files }), refusal(/\/dev\/mayfly-no-disk/));
  });

  test("an export that cannot be mounted refuses the Bind: here is no program that could", async (t) => {
    const session = await openSession(t, adapter);
    const places = { address: "127.77.0.1", ports: [2_049], source: "nfs.example:/", path: "/data" };
    const mounts = [{ server: "nfs.example", ...places, flags: 0, options: "vers=4.1" }];
    await assert.rejects(session.bindTo(["echo"], { mounts }), refusal(/\/mayfly\/mounts/));
  });

  test("files that cannot be written, or come in an unknown way, refuse the Bind", async (t) => {
    const { message, bytes } = framesOf({ "a/b": "1" });
    const blocked = await openSession(t, adapter);
    mkdirSync(blocked.taskRoot, { recursive: true });
    writeFileSync(join(blocked.taskRoot, "a"), "a file where the folder should be");
    await assert.rejects(blocked.bindTo(["echo"], { files: message }, bytes), refusal(/./));
    const later = { type: "tape" } as unknown as BindFiles;
    await assert.rejects((await openSession(t, adapter)).bindTo(["echo"], { files: later }), refusal(/"tape".*does not know/));
  });
}

function framesOf(files: Record<string, string | Uint8Array>, executable = ""): { message: BindFiles; bytes: Buffer } {
  const sorted = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const entries = sorted.map(([path, content]): FileEntry => [path, Buffer.from(content).length, path === executable]);
  const list = Buffer.from(JSON.stringify(entries));
  const contents = Buffer.concat(sorted.map(([, content]) => Buffer.from(content)));
  return { message: { type: "frames", list: list.length, bytes: contents.length }, bytes: Buffer.concat([list, contents]) };
}
