/** Apps whose machines mount exports of real NFS servers. The file is long because all tests share these servers, and one platform with real VMs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { bootstrap } from "../src/guest/runtimes/testing/bootstrap.ts";
import { nodePath } from "../src/images/guest-layout.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { type NfsServer, startNfsServer } from "./nfs-server.ts";
import { copyWithPackages } from "./runtimes/node-examples.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

/** Seconds after which the other server forgets a machine that rests. */
const SHORT_LEASE = 5;

/** Python in which 32 threads read all files of a folder, half of them by each of two mounts. */
const readMany = `
import os, threading
names = sorted(os.listdir("/mnt/v3/many"))
texts = {}
def read(root, own):
    for name in own:
        with open(f"{root}/many/{name}") as file:
            texts[name] = file.read()
threads = [threading.Thread(target=read, args=("/mnt/v3" if n % 2 else "/mnt/v4.1", names[n::32])) for n in range(32)]
for thread in threads: thread.start()
for thread in threads: thread.join()
value = {"right": sum(text == f"file {name}" for name, text in texts.items()), "listed": len(os.listdir("/mnt/v4.1/many"))}`;

type Mount = NonNullable<Manifest["mounts"]>[number];

const scope = createScope();
let server: NfsServer;
/** Another server, of which the first one's apps know nothing. */
let other: NfsServer;
let platform: Platform;

before(async () => {
  server = await startNfsServer(scope, 31);
  other = await startNfsServer(scope, 32, SHORT_LEASE);
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

describe("while a server never answers, other apps go on:", () => {
  let silent: Promise<Response>;
  before(async () => {
    await deploy("silent", [exported(other, "/data")]);
    other.freeze();
    // Three machines try for half a minute each.
    silent = platform.call("/silent/main", { method: "POST", body: "return 1" });
    silent.catch(() => undefined); // the last test awaits it
  });
  after(() => other.thaw());

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
    // Half of them with NFS 3, which needs fewer messages for a file.
    const mounts = ["3", "4.1"].map((version) => exported(server, `/mnt/v${version}`, `ro,vers=${version}`));
    await deploy("many", mounts, { language: "python", timeoutMs: 580_000 });
    const read = await run("many", readMany);
    assert.deepEqual(read, { right: 10_000, listed: 10_000 });
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
    // A machine without mounts may not even write to it.
    await deploy("none", []);
    const wrote = await platform.call("/none/main", {
      method: "POST",
      body: `childProcess.execFileSync(process.execPath, ["-e", 'require("net").connect(2, "10.0.2.100", function () { this.write("x") })'])`,
    });
    assert.equal(wrote.status, 502);
    await platform.logged("none", /it wrote to the channel of mounts, of which its app has none/);
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

  test("programs that speak the Runtime API, and servers, have the files before they start", async () => {
    const folder = temporaryFolder(scope);
    cpSync(join(projectDir, "test/apps/mounts/programs"), folder, { recursive: true });
    const program = bootstrap(
      `async ({ rawPath, body }) => (fs.writeFileSync("/data" + rawPath, body), { statusCode: 200, body: atStart })`,
      `const fs = require("node:fs"); const atStart = fs.readFileSync("/data/from-host", "utf8");`,
      nodePath,
    );
    writeFileSync(join(folder, "bootstrap"), program, { mode: 0o755 });
    const { manifest, bundles } = await bundleApp(folder);
    await platform.client.deploy({ ...manifest, mounts: [exported(server, "/data")] }, bundles);
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await platform.call(`/mounts-programs/${path}`, init);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await ask("bootstrap/note", { method: "POST", body: "from the bootstrap" }), [200, "hello"]);
    assert.deepEqual(await ask("server/note"), [200, "from the bootstrap"]);
    const large = "0123456789abcdef".repeat(200_000);
    assert.deepEqual(await ask("server/large-of-server", { method: "PUT", body: large }), [200, "kept"]);
    assert.equal(readFileSync(join(server.folder, "large-of-server"), "utf8"), large);
    assert.deepEqual(await ask("server/missing"), [404, "ENOENT"]);
    assert.equal(readFileSync(join(server.folder, "starts"), "utf8"), "server\n");
  });

  // After all that take locks: a server that starts gives none for twenty seconds, in which its clients of before may take theirs back.
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

  test("a server that never answers fails the calls of its apps, with the reason", async () => {
    assert.equal((await silent).status, 503);
    await platform.logged("silent", /\/export cannot be mounted on \/data: the server does not answer/);
  });
});

test("an app whose server answers again is served", async () => {
  // After starts that failed, the next one waits for a while.
  const answered = async () => (await platform.call("/silent/main", { method: "POST", body: "return 1" })).status;
  await eventually("a reply of the app whose server is back", answered, (status) => status === 200, 120_000);
});

test("a machine that rested longer than the server's lease goes on with its files, and finds the locks lost that it held", async () => {
  for (const name of ["rests", "takes"]) await deploy(name, [exported(other, "/data")], { language: "python" });
  writeFileSync(join(other.folder, "news"), "old");
  const before = `
import builtins, fcntl, os
builtins.plain = open("/data/plain", "w")
builtins.plain.write("before ")
builtins.plain.flush()
os.fsync(builtins.plain.fileno())
builtins.held = open("/data/held", "w")
fcntl.lockf(builtins.held, fcntl.LOCK_EX | fcntl.LOCK_NB)
value = open("/data/news").read()`;
  assert.equal(await run("rests", before), "old");
  // Only a client that the server has forgotten loses a lock to another.
  const take = `
import fcntl
with open("/data/held", "w") as held:
    fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    held.write("of another")
with open("/data/news", "w") as news:
    news.write("new")
value = "taken"`;
  await eventually(
    "the lock",
    () => run("takes", take),
    (value) => value === "taken",
    120_000,
  );
  const plain = `
import builtins, os
builtins.plain.write("after")
builtins.plain.flush()
os.fsync(builtins.plain.fileno())
value = open("/data/news").read()`;
  assert.equal(await run("rests", plain), "new");
  assert.equal(readFileSync(join(other.folder, "plain"), "utf8"), "before after");
  const held = `
import builtins, os
builtins.held.write("of nobody")
builtins.held.flush()
os.fsync(builtins.held.fileno())`;
  assert.equal(await run("rests", held), "EIO");
  assert.equal(readFileSync(join(other.folder, "held"), "utf8"), "of another");
  const again = `
import builtins, fcntl
builtins.held = open("/data/held", "r+")
fcntl.lockf(builtins.held, fcntl.LOCK_EX | fcntl.LOCK_NB)
value = builtins.held.read()`;
  assert.equal(await run("rests", again), "of another");
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

  for (const driver of ["process", "gvisor"])
    test(`if the server's driver is ${driver}`, async (t) => {
      const on = await startPlatform(t, { driver, kernel: "linux", blanks: 0, egress: { allow: server.entries } });
      await assert.rejects(deploy("refused", [exported(server, "/data")], { on }), {
        code: "bad-manifest",
        message: new RegExp(`mounts: machines of the driver ${driver} cannot mount NFS exports, .* let the server's operator choose qemu`),
      });
    });

  test("if the app's kernel is OSv, or if it is to be frozen", async () => {
    const refused = (changes: Partial<Manifest>, message: RegExp) =>
      assert.rejects(deploy("refused", [exported(server, "/data")], changes), { code: "bad-manifest", message });
    await refused({ kernel: "osv" }, /mounts: machines with the kernel osv cannot mount NFS exports: let kernel be "linux"/);
    await refused({ snapshot: true }, /snapshot is true, but cannot be with mounts/);
  });
});
