/** Apps whose machines start initialised: through a deploy into real machines of qemu, in each language. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { bootstrap } from "../src/guest/runtimes/testing/bootstrap.ts";
import { nodePath } from "../src/images/guest-layout.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { createScope, eventually, onOsv, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

/** What the functions of test/apps/snapshot reply. */
interface Drawn {
  /** What its initialisation drew. */
  atStart: string;
  /** The hooks that were called. */
  hooks: string;
  /** Of servers: how many connections are open. */
  connections?: number;
  word?: string;
  now: number;
  /** What every source of randomness gives now. */
  drawn: unknown[];
}

const MADE = /The snapshot of revision \d+ is there \(\d+ MB, made in/;
/** Milliseconds. An emulated machine on a busy host takes long to be initialised. */
const MADE_MS = 300_000;
/** Bytes: more than come in frames. */
const LARGE = 70 * 2 ** 20;

/** A program that speaks the Runtime API as AWS's do. Machines of programs have Node's agent beside them, and so its Node. */
const program = bootstrap(
  `async () => ({ atStart, hooks, now: Date.now(), drawn: [read("/proc/sys/kernel/random/uuid", "utf8")] })`,
  `const crypto = require("node:crypto");
   const read = require("node:fs").readFileSync;
   console.log("initialising");
   const atStart = crypto.randomBytes(8).toString("hex");
   let hooks = "";
   async function restore() {
     if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== "snap-start") return;
     hooks += "before ";
     await call("GET", "restore/next");
     hooks += "after";
   }`,
  nodePath,
).replace(/for \(let polls.*\n/, (loop) => `restore().then(() => { ${loop} });\n`);

/** A server in Node, which has seeded all of Node's generators, and another thread's, before it listens. */
const server = `import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";
const crypto = createRequire(import.meta.url)("node:crypto");
const draw = () => [crypto.randomUUID(), crypto.randomBytes(8).toString("hex"), String(crypto.randomInt(2 ** 47)), String(Math.random()), Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex")];
console.log("initialising");
const atStart = draw().join();
const thread = new Worker("const draw = " + draw + "; const crypto = require('node:crypto'); const { parentPort } = require('node:worker_threads'); draw(); parentPort.on('message', () => parentPort.postMessage(draw())); parentPort.postMessage('up')", { eval: true });
const answer = () => new Promise((resolve) => thread.once("message", resolve));
await answer();
let hooks = "";
const continued = new Promise((resolve) => process.once("SIGCONT", () => resolve(hooks += "after")));
const handler = (request, response) => server.getConnections(async (_error, connections) => {
  await continued;
  thread.postMessage("");
  const drawn = [readFileSync("/proc/sys/kernel/random/uuid", "utf8"), ...draw(), ...(await answer())];
  response.end(JSON.stringify({ atStart, hooks, connections, now: Date.now(), drawn }));
});
const server = createServer(handler).listen(process.env.PORT);
`;

describe("machines that start initialised", { skip: onOsv && "machines of OSv cannot be frozen for an app" }, () => {
  const scope = createScope();
  let platform: Platform;
  // Machines are killed as soon as they are idle, so that every call has one of its own.
  const settings = { driver: "qemu", kernel: "linux", blanks: 0, idleMs: 0 };
  before(async () => void (platform = await startPlatform(scope, settings)));
  after(() => scope.close());

  const snapshots = () => join(platform.stateDir, "snapshots");
  const saved = () => (existsSync(snapshots()) ? readdirSync(snapshots()) : []);
  async function deploy(folder: string, changes: Partial<Manifest> = {}): Promise<void> {
    const { manifest, bundles } = await bundleApp(folder);
    await platform.client.deploy({ ...manifest, ...changes }, bundles);
  }
  const app = (language: string) => join(projectDir, "test/apps/snapshot", language);
  const made = (name: string, times = 1) =>
    eventually(
      `snapshot ${times} of ${name}`,
      () => platform.client.logs({ app: name, tail: 10_000 }),
      (lines) => {
        const failed = lines.find(({ text }) => /runs without a snapshot/.test(text));
        assert.ok(failed === undefined, failed?.text ?? "");
        return lines.filter(({ text }) => MADE.test(text)).length >= times;
      },
      MADE_MS,
    );
  async function draw(name: string): Promise<Drawn> {
    const response = await platform.call(`/${name}/draw`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Drawn;
  }

  const provided = () => {
    const folder = temporaryFolder(scope);
    cpSync(app("provided"), folder, { recursive: true });
    writeFileSync(join(folder, "bootstrap"), program, { mode: 0o755 });
    return folder;
  };
  function folderOf(name: string, functions: object, files: Record<string, string>, more: object = { snapshot: true }): string {
    const folder = temporaryFolder(scope);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name, functions, timeoutMs: 120_000, ...more }));
    return folder;
  }
  const folders: Record<string, () => string> = {
    node: () => app("node"),
    python: () => app("python"),
    java: () => app("java"),
    provided,
    server: () =>
      folderOf(
        "snapshot-server",
        { draw: { command: ["node", "server.mjs"], runtime: "server" } },
        { "server.mjs": server },
        { snapshot: true, concurrency: 1 },
      ),
  };

  for (const [language, folder] of Object.entries(folders))
    test(`${language}: an app is initialised once; its machines share that, and nothing that they draw afterwards`, async () => {
      const name = `snapshot-${language}`;
      if (language === "node") await platform.client.setSecret(name, "WORD", "first");
      await deploy(folder());
      await made(name);
      const initialised = async () =>
        (await platform.client.logs({ app: name, tail: 10_000 })).filter(({ text }) => text === "initialising");
      const before = (await initialised()).length;
      const replies = await Promise.all(Array.from({ length: 3 }, () => draw(name)));
      replies.push(await draw(name));
      assert.equal((await initialised()).length, before);
      assert.equal(new Set(replies.map(({ atStart }) => atStart)).size, 1);
      for (const { hooks, now, connections } of replies) {
        assert.equal(hooks, language === "server" ? "after" : "before after");
        // That of the call itself.
        if (language === "server") assert.equal(connections, 1);
        assert.ok(Math.abs(now - Date.now()) < 60_000, `${now - Date.now()} ms`);
      }
      for (const [source] of replies[0]!.drawn.entries()) {
        const values = replies.map(({ drawn }) => drawn[source]);
        assert.equal(new Set(values).size, values.length, `source ${source}: ${values.join(" and ")}`);
      }
      const { now, decisions } = await platform.client.explain(name);
      assert.match(now.join("\n"), /There is a snapshot of revision 1 \(\d+ MB\): its machines start initialised/);
      const restored = decisions.filter(({ what }) => what === "ready").length;
      const bound = decisions.filter(({ what }) => what === "bind").length;
      assert.ok(restored > bound, `${restored} machines, ${bound} of them bound`);
    });

  test("a snapshot's files are the server's alone; it is made anew with a secret's new value, and goes with its revision and app", async () => {
    const name = "snapshot-node";
    for (const file of [snapshots(), ...saved().map((each) => join(snapshots(), each))]) assert.equal(statSync(file).mode & 0o077, 0, file);
    const first = saved();
    await platform.client.setSecret(name, "WORD", "second");
    await made(name, 2);
    assert.equal((await draw(name)).word, "second");
    assert.equal(saved().length, first.length);
    await deploy(app("node"), { env: { OTHER: "upload" } });
    await made(name, 3);
    assert.equal(saved().length, first.length, "the earlier revision's is gone");
    await platform.client.removeApp(name);
    assert.equal(saved().length, first.length - 1);
  });

  test("a hook that fails after the restore ends its machine; the call fails, and the log says why", async () => {
    const name = "failing";
    await platform.client.setSecret(name, "WORD", "x");
    await deploy(app("node"), { name, env: { FAILS: "yes" } });
    await made(name);
    const response = await platform.call(`/${name}/draw`);
    const { error } = (await response.json()) as ErrorBody;
    assert.ok(["machine-start-failed", "queue-timeout"].includes(error.code), error.code);
    await platform.logged(name, /what is to be done after the restore failed: Error: no way on/);
    // In the end it runs without.
    await platform.logged(name, /runs without a snapshot: 3 machines in a row did not come up from it/);
    await eventually(
      "a reply of a machine that was bound",
      async () => (await platform.call(`/${name}/draw`)).status,
      (status) => status === 200,
      120_000,
    );
    await platform.client.removeApp(name);
  });

  test("an app with large files, which machines read where they lie, reads them in its clones as well", async () => {
    const folder = temporaryFolder(scope);
    const source = `import { openSync, readSync } from "node:fs";
const file = openSync("large.bin", "r");
const read = (at: number) => { const bytes = Buffer.alloc(5); readSync(file, bytes, 0, 5, at); return bytes.toString(); };
const first = read(0);
export const handler = async () => first + read(${LARGE - 5});`;
    writeFileSync(join(folder, "main.ts"), source);
    const large = Buffer.alloc(LARGE);
    large.write("begin");
    large.write("ended", LARGE - 5);
    writeFileSync(join(folder, "large.bin"), large);
    const manifest = { name: "large", functions: { main: { entry: "main.ts" } }, files: ["large.bin"], snapshot: true, timeoutMs: 120_000 };
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
    await deploy(folder);
    await made("large");
    for (let n = 0; n < 2; n++) assert.equal(await (await platform.call("/large/main")).text(), "beginended");
    const { decisions } = await platform.client.explain("large");
    assert.equal(decisions.filter(({ what }) => what === "bind").length, 0);
    await platform.client.removeApp("large");
  });

  test("an app whose initialisation fails runs without a snapshot, as its log says", async () => {
    const folder = temporaryFolder(scope);
    const source = `if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE) throw new Error("not now");\nexport const handler = async () => "ran";`;
    writeFileSync(join(folder, "main.ts"), source);
    writeFileSync(
      join(folder, "mayfly.json"),
      JSON.stringify({ name: "unready", functions: { main: { entry: "main.ts" } }, snapshot: true }),
    );
    await deploy(folder, { timeoutMs: 120_000 });
    await eventually(
      "the reason",
      () => platform.client.logs({ app: "unready", tail: 1_000 }),
      (lines) => lines.some(({ text }) => /Revision 1 runs without a snapshot: the initialisation failed: Error: not now/.test(text)),
      MADE_MS,
    );
    assert.equal((await platform.call("/unready/main")).status, 200);
  });

  test("of an app of several runtimes, each that asks for it has a snapshot of its own, and the others none", async () => {
    const functions = {
      page: { entry: "page.ts" },
      site: { command: ["node", "server.mjs"], runtime: "server", snapshot: true },
      report: { entry: "report.py", runtime: "python", snapshot: true },
    };
    const page = `const atStart = Math.random();\nexport const handler = async () => ({ atStart });`;
    const report = `import random\nat_start = random.random()\ndef handler(event, context):\n    return {"atStart": at_start}\n`;
    const name = "mixed";
    const before = saved().length;
    await deploy(folderOf(name, functions, { "page.ts": page, "server.mjs": server, "report.py": report }, {}));
    for (const runtime of ["server", "python"])
      await eventually(
        `the snapshot of the functions in ${runtime}`,
        () => platform.client.logs({ app: name, tail: 1_000 }),
        (lines) => {
          const failed = lines.find(({ text }) => /without a snapshot/.test(text));
          assert.ok(failed === undefined, failed?.text ?? "");
          return lines.some(({ text }) => text.startsWith(`The snapshot of the ${runtime} functions of revision 1 is there (`));
        },
        MADE_MS,
      );
    assert.equal(saved().length, before + 2);
    for (const [own, values] of Object.entries({ page: 2, site: 1, report: 1 })) {
      const seen = new Set<unknown>();
      for (let n = 0; n < 2; n++) {
        const response = await platform.call(`/${name}/${own}`);
        const text = await response.text();
        assert.equal(response.status, 200, text);
        seen.add((JSON.parse(text) as { atStart: unknown }).atStart);
      }
      assert.equal(seen.size, values, own);
    }
    await platform.client.removeApp(name);
    assert.equal(saved().length, before);
  });

  test("another server of the same state has the snapshot at once", async () => {
    const name = "snapshot-python";
    const before = await draw(name);
    await platform.running.close();
    platform = await startPlatform(scope, { ...settings, stateDir: platform.stateDir });
    await draw(name);
    await platform.logged(name, /The snapshot of revision 1 is there \(\d+ MB, made by an earlier server\)/);
    assert.equal((await draw(name)).atStart, before.atStart);
  });
});

test("where machines cannot be frozen, a deploy with the key is refused, and says why", { skip: onOsv }, async (t) => {
  const platform = await startPlatform(t, { driver: "process", kernel: "linux", blanks: 0 });
  const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/snapshot/node"));
  await assert.rejects(platform.client.deploy(manifest, bundles), {
    code: "bad-manifest",
    message: /snapshot: machines of the driver process cannot be frozen, only those of qemu can/,
  });
});
