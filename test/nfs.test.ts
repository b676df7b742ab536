/** Apps whose machines mount exports of real NFS servers. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { type NfsServer, startNfsServer } from "./nfs-server.ts";
import { copyWithPackages } from "./runtimes/node-examples.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform } from "./platform.ts";

type Mount = NonNullable<Manifest["mounts"]>[number];

const scope = createScope();
let server: NfsServer;
/** Another server, of which the first one's apps know nothing. */
let other: NfsServer;
let platform: Platform;

before(async () => {
  server = await startNfsServer(scope, 31);
  other = await startNfsServer(scope, 32);
  const egress = { allow: [...server.entries, ...other.entries] };
  platform = await startPlatform(scope, { driver: "qemu", kernel: "linux", blanks: 1, egress });
  writeFileSync(join(server.folder, "from-host"), "hello");
});
after(() => scope.close());

const exported = (from: NfsServer, path: string, options?: string): Mount => ({
  nfs: `${from.address}:/export`,
  path,
  ...(options !== undefined && { options }),
});

type DeployOptions = { language?: string; on?: Platform } & Partial<Manifest>;

async function deploy(name: string, mounts: Mount[], { language = "node", on = platform, ...more }: DeployOptions = {}): Promise<void> {
  const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/mounts", language));
  await on.client.deploy({ ...manifest, name, ...(mounts.length > 0 && { mounts }), ...more }, bundles);
}

/** The value of the code, or the name of its error. */
async function run(app: string, code: string): Promise<unknown> {
  const response = await platform.call(`/${app}/main`, { method: "POST", body: code });
  const text = await response.text();
  if (response.status !== 200) {
    const lines = (await platform.client.logs({ app, tail: 20 })).map((line) => line.text);
    assert.fail(`${response.status} ${text}\n${lines.join("\n")}\n${server.log()}`);
  }
  const { value, error } = JSON.parse(text) as { value: unknown; error?: string };
  return error ?? value;
}

test("code in Node reads, writes, renames and truncates files, and finds them after others changed them", async () => {
  await deploy("rw", [exported(server, "/data")]);
  assert.equal(await run("rw", `return fs.readFileSync("/data/from-host", "utf8")`), "hello");
  await run("rw", `fs.writeFileSync("/data/a", "abcdef"); fs.renameSync("/data/a", "/data/b"); fs.truncateSync("/data/b", 3)`);
  assert.equal(readFileSync(join(server.folder, "b"), "utf8"), "abc");
  assert.deepEqual(await run("rw", `return fs.readdirSync("/data").filter((name) => name.length === 1)`), ["b"]);
  const size = 20_000_000;
  const sum = await run(
    "rw",
    `const { createHash } = await import("node:crypto"); const bytes = Buffer.alloc(${size}, "0123456789abcdef!");
     fs.writeFileSync("/data/large", bytes); return createHash("sha256").update(bytes).digest("hex")`,
  );
  const { createHash } = await import("node:crypto");
  const large = readFileSync(join(server.folder, "large"));
  assert.equal(large.length, size);
  assert.equal(createHash("sha256").update(large).digest("hex"), sum);
});

test("every version of NFS is mounted, and one that is mounted for reading takes no writes", async () => {
  const versions = ["3", "4.0", "4.1", "4.2"];
  await deploy(
    "versions",
    versions.map((version) => exported(server, `/mnt/v${version}`, `vers=${version}${version === "4.2" ? ",ro" : ""}`)),
  );
  for (const version of versions) {
    assert.equal(await run("versions", `return fs.readFileSync("/mnt/v${version}/from-host", "utf8")`), "hello", version);
    const written = await run("versions", `fs.writeFileSync("/mnt/v${version}/of-${version}", "${version}"); return "done"`);
    assert.equal(written, version === "4.2" ? "EROFS" : "done", version);
  }
  assert.equal(readFileSync(join(server.folder, "of-3"), "utf8"), "3");
});

test("10,000 small files are read by 32 at once", async () => {
  mkdirSync(join(server.folder, "many"));
  for (let n = 0; n < 10_000; n++) writeFileSync(join(server.folder, "many", String(n)), `file ${n}`);
  // It takes 50 s on a quiet host.
  await deploy("many", [exported(server, "/data", "ro")], { timeoutMs: 580_000 });
  const read = await run(
    "many",
    `const names = fs.readdirSync("/data/many"); let wrong = 0, done = 0;
     await Promise.all(Array.from({ length: 32 }, async () => {
       for (let name; (name = names.pop()) !== undefined; done++)
         if ((await fsp.readFile("/data/many/" + name, "utf8")) !== "file " + name) wrong++;
     }));
     return { wrong, done }`,
  );
  assert.deepEqual(read, { wrong: 0, done: 10_000 });
});

test("code waits for a server that has stopped, and goes on when it is back", async () => {
  await deploy("waits", [exported(server, "/data")]);
  await run("waits", `globalThis.file = fs.openSync("/data/waits", "w"); fs.writeSync(globalThis.file, "before ")`);
  await server.stop();
  let done = false;
  const writing = run("waits", `fs.writeSync(globalThis.file, "after"); fs.fsyncSync(globalThis.file); return "written"`).finally(
    () => (done = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(done, false);
  await server.start();
  assert.equal(await writing, "written");
  assert.equal(readFileSync(join(server.folder, "waits"), "utf8"), "before after");
});

test("a server that never answers fails the start of its apps' machines, with the reason, and harms no other app", async () => {
  await deploy("silent", [exported(other, "/data")]);
  await deploy("plain", []);
  other.freeze();
  try {
    const silent = platform.call("/silent/main", { method: "POST", body: "return 1" });
    assert.equal(await run("plain", "return 1"), 1);
    assert.equal((await silent).status, 503);
    await platform.logged("silent", /\/export cannot be mounted on \/data: the server does not answer/);
  } finally {
    other.thaw();
  }
  // After starts that failed, the next one waits for a while.
  const answered = async () => (await platform.call("/silent/main", { method: "POST", body: "return 1" })).status;
  await eventually("a reply of the app whose server is back", answered, (status) => status === 200, 120_000);
});

test("an app's machine connects to the servers of its own mounts only, whatever its code tries", async () => {
  writeFileSync(join(other.folder, "secret"), "of another");
  await deploy("own", [exported(server, "/data")]);
  assert.equal(await run("own", `return fs.existsSync("/data/secret")`), false);
  // The program that carries its bytes is ended, and its channel taken over.
  const frames = `
    const net = require("node:net");
    const frame = (stream, host) => {
      const json = Buffer.from(JSON.stringify({ host, port: 2049 }));
      const head = Buffer.alloc(12);
      head.writeUInt32LE(json.length, 0), head.writeUInt8(16, 4), head.writeUInt32LE(stream, 8);
      return Buffer.concat([head, json]);
    };
    const socket = net.connect(2, "10.0.2.100", () => socket.write(Buffer.concat([frame(10000, "${other.address}"), frame(10002, "${server.address}")])));
    let got = Buffer.alloc(0);
    const types = {};
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk]);
      while (got.length >= 12 && got.length >= 12 + got.readUInt32LE(0)) {
        if (got.readUInt32LE(8) >= 10000) types[got.readUInt32LE(8)] = [got[4], got[4] === 10 ? got.readUInt16LE(12) : 0];
        got = got.subarray(12 + got.readUInt32LE(0));
      }
      if (Object.keys(types).length === 2) console.log(JSON.stringify(types)), process.exit();
    });`;
  const types = await run(
    "own",
    `for (const name of fs.readdirSync("/proc").filter(Number)) {
       const line = fs.existsSync("/proc/" + name + "/cmdline") ? fs.readFileSync("/proc/" + name + "/cmdline", "utf8") : "";
       if (line.startsWith("/mayfly/mounts")) process.kill(Number(name), "SIGKILL");
     }
     return JSON.parse(childProcess.execFileSync(process.execPath, ["-e", ${JSON.stringify(frames)}], { encoding: "utf8" }))`,
  );
  // A Reset with code 5, and a Connected.
  assert.deepEqual(types, { 10000: [10, 5], 10002: [17, 0] });
  // Mounts give the app no network.
  const plain = await run(
    "own",
    `const { connect } = await import("node:net");
     return new Promise((resolve) => connect(2049, "${server.address}").on("connect", () => resolve("open")).on("error", (error) => resolve(error.code)))`,
  );
  assert.equal(plain, "EACCES");
});

test("SQLite's database on a mount is there for the next machine, and for others", async () => {
  const { manifest, bundles } = await bundleApp(await copyWithPackages(scope, "examples/sqlite"));
  const app = { ...manifest, mounts: [exported(server, "/data")], env: { DATABASE: "/data/books.db" }, timeoutMs: 300_000 };
  await platform.client.deploy(app, bundles);
  const book = { title: "Emma", author: "Jane Austen" };
  const added = await platform.call("/books/shelf", { method: "POST", body: JSON.stringify(book) });
  assert.deepEqual([added.status, await added.text()], [201, "on the shelf\n"]);
  await platform.client.removeApp("books");
  await platform.client.deploy(app, bundles);
  assert.deepEqual(await (await platform.call("/books/shelf")).json(), [book]);
  const database = new DatabaseSync(join(server.folder, "books.db"), { readOnly: true });
  scope.after(() => database.close());
  assert.deepEqual({ ...database.prepare("SELECT * FROM books").get() }, book);
});

test("code in Python waits for the locks of another machine", async () => {
  for (const name of ["locks", "others"]) await deploy(name, [exported(server, "/data")], { language: "python" });
  const lock = `import fcntl, builtins\nbuiltins.held = open("/data/lock", "w")\nfcntl.lockf(builtins.held, fcntl.LOCK_EX | fcntl.LOCK_NB)\nvalue = "locked"`;
  assert.equal(await run("locks", lock), "locked");
  assert.match(String(await run("others", lock)), /EAGAIN|EACCES/);
  await run("locks", `import builtins\nbuiltins.held.close()`);
  assert.equal(await run("others", lock), "locked");
});

test("code in Java reads and writes files", async () => {
  await deploy("java", [exported(server, "/data")], { language: "java" });
  const response = await platform.call("/java/main", { method: "POST", body: "{}" });
  assert.match(await response.text(), /hello/);
  assert.equal(readFileSync(join(server.folder, "by-java"), "utf8"), "written");
});

describe("a deploy is refused", () => {
  test("if the operator does not allow the server, even a public one", async () => {
    const refused = (nfs: string) =>
      assert.rejects(deploy("refused", [{ nfs, path: "/data" }]), {
        code: "bad-manifest",
        message: /mounts: ".*:2049" is not in this server's egress\.allow/,
      });
    for (const nfs of ["10.9.9.9:/export", "9.9.9.9:/export"]) await refused(nfs);
  });

  test("if the driver's machines cannot mount", async (t) => {
    const process = await startPlatform(t, { driver: "process", kernel: "linux", blanks: 0, egress: { allow: server.entries } });
    await assert.rejects(deploy("refused", [exported(server, "/data")], { on: process }), {
      code: "bad-manifest",
      message: /mounts: machines of the driver process cannot mount NFS exports, only those of qemu with the kernel linux can/,
    });
  });
});
