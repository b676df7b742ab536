/** `mayfly dev` as a user has it: the command in a process of its own, over an app's folder whose files are saved as editors save them. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { createClient } from "../src/doors/admin/client.ts";
import type { RecentCall } from "../src/doors/admin/call-schemas.ts";
import { mayfly, start } from "./command.ts";
import { descendants, isAlive } from "./host.ts";
import { createScope, eventually, projectDir, temporaryFolder } from "./platform.ts";

interface Told {
  event: string;
  [key: string]: unknown;
}

interface Dev {
  child: ChildProcess;
  /** All that was told so far. */
  told: Told[];
  /** Resolves with the first event from `since` on for which `holds`. */
  next(what: string, holds: (told: Told) => boolean, since?: number): Promise<Told>;
  stderr(): string;
}

async function startDev(scope: { after(cleanUp: () => void): void }, args: string[], env: NodeJS.ProcessEnv): Promise<Dev> {
  const child = start(["dev", "--json", "--driver", "process", "--listen", "127.0.0.1:0", ...args], { env });
  afterwards(scope, () => void child.kill("SIGKILL"));
  const told: Told[] = [];
  let complaints = "";
  child.stderr!.on("data", (chunk: Buffer) => (complaints += String(chunk)));
  createInterface({ input: child.stdout! }).on("line", (line) => told.push(JSON.parse(line) as Told));
  const next = async (what: string, holds: (told: Told) => boolean, since = 0) => {
    const found = await eventually(
      what,
      () => told.slice(since).filter(holds),
      (all) => all.length > 0 || child.exitCode !== null,
    );
    assert.ok(found[0], `mayfly dev ended before ${what}: ${complaints}`);
    return found[0];
  };
  return { child, told, next, stderr: () => complaints };
}

const appOf = (name: string, more: object = {}) => JSON.stringify({ name, functions: { api: { entry: "api.ts", ...more } } });
const answering = (text: string) => `export default { fetch: () => new Response(${JSON.stringify(text)}) };\n`;

function write(dir: string, files: Record<string, string>): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

describe("an app under development", () => {
  const scope = createScope();
  after(() => scope.close());
  let dev: Dev;
  let dir: string;
  let stateRoot: string;
  let url: string;
  let env: NodeJS.ProcessEnv;
  const isDeployed = ({ event }: Told) => event === "deployed";
  /** Saves, waits until that is deployed, and resolves with what the app answers. */
  const saved = async (save: () => void, path = ""): Promise<string> => {
    const since = dev.told.length;
    save();
    await dev.next("a deploy", ({ event, changed }) => event === "deployed" && changed === true, since);
    return (await fetch(url + path)).text();
  };
  const clientOf = () => {
    const { stateDir } = dev.told[0] as unknown as { stateDir: string };
    const { urls } = JSON.parse(readFileSync(join(stateDir, "server.json"), "utf8")) as { urls: { api: string } };
    return createClient({ url: urls.api, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  };

  before(async () => {
    dir = write(join(temporaryFolder(scope), "shop"), {
      "mayfly.json": appOf("shop", { triggers: [{ name: "nightly", schedule: "0 3 * * *" }] }),
      "api.ts": answering("one"),
    });
    stateRoot = temporaryFolder(scope);
    env = { MAYFLY_STATE_DIR: stateRoot };
    dev = await startDev(scope, [dir], env);
    await dev.next("the first deploy", isDeployed);
    const app = await dev.next("the app's address", ({ event }) => event === "app");
    url = (app["functions"] as { url: string }[])[0]!.url;
  });

  test("is deployed at once, and says where it answers and what its triggers are", async () => {
    assert.equal(await (await fetch(url)).text(), "one");
    const app = dev.told.find(({ event }) => event === "app")!;
    assert.deepEqual((app["triggers"] as { name: string }[])[0]!.name, "nightly");
  });

  test("answers with the new code after a file was written, replaced by a rename, or is new, and after a folder was moved in", async () => {
    assert.equal(await saved(() => writeFileSync(join(dir, "api.ts"), answering("two"))), "two");
    const renamed = () => {
      writeFileSync(join(dir, ".api.ts.swp"), answering("three"));
      renameSync(join(dir, ".api.ts.swp"), join(dir, "api.ts"));
    };
    assert.equal(await saved(renamed), "three");
    const imports = `import { text } from "./lib/text.ts";\nexport default { fetch: () => new Response(text) };\n`;
    const since = dev.told.length;
    writeFileSync(join(dir, "api.ts"), imports);
    const failed = await dev.next("a failure", ({ event }) => event === "failed", since);
    assert.match(JSON.stringify(failed), /lib\/text\.ts.*api\.ts:1/);
    assert.equal(await saved(() => write(join(dir, "lib"), { "text.ts": `export const text = "four";` })), "four");
    assert.equal(await saved(() => write(join(dir, "lib"), { "text.ts": `export const text = "five";` })), "five");
    write(join(dir, "..", "other"), { "text.ts": `export const text = "six";` });
    const moved = () => {
      rmSync(join(dir, "lib"), { recursive: true });
      renameSync(join(dir, "..", "other"), join(dir, "lib"));
    };
    assert.equal(await saved(moved), "six");
    assert.equal(await saved(() => write(join(dir, "lib"), { "text.ts": `export const text = "seven";` })), "seven");
  });

  test("a mistake is told with its file and line, the code before it goes on answering, and the next save mends it", async () => {
    await saved(() => writeFileSync(join(dir, "api.ts"), answering("before")));
    const since = dev.told.length;
    writeFileSync(join(dir, "api.ts"), "export default {\n  fetch: (] => 1\n};\n");
    const failed = await dev.next("the mistake", ({ event }) => event === "failed", since);
    assert.match(JSON.stringify(failed["error"]), /api\.ts:2:\d+/);
    assert.equal(failed["oldServes"], true);
    assert.equal(await (await fetch(url)).text(), "before");
    assert.equal(await saved(() => writeFileSync(join(dir, "api.ts"), answering("mended"))), "mended");
  });

  test("calls that come while new code is deployed wait, and run it", async () => {
    await saved(() => writeFileSync(join(dir, "api.ts"), answering("old")));
    // What the loop does itself at a save, so that the call is certain to come within it.
    await clientOf().holdCalls("shop", 60_000);
    const waiting = fetch(url, { method: "POST", body: "x".repeat(100_000) });
    writeFileSync(join(dir, "api.ts"), answering("new"));
    assert.equal(await (await waiting).text(), "new");
  });

  test("variables and secrets come from .env, and are renewed when it is saved", async () => {
    const prints = `export default { fetch: () => new Response(process.env.GREETING + " " + process.env.KEY) };\n`;
    const manifest = JSON.stringify({ name: "shop", functions: { api: { entry: "api.ts" } }, secrets: ["KEY"], env: { GREETING: "own" } });
    await saved(() => write(dir, { ".env": `GREETING=hello\nKEY="s3"\n`, "mayfly.json": manifest, "api.ts": prints }));
    assert.equal(await (await fetch(url)).text(), "hello s3");
    assert.equal(await saved(() => writeFileSync(join(dir, ".env"), `GREETING=bye\nKEY=s4\n`)), "bye s4");
    // The value of a secret is in no manifest.
    assert.doesNotMatch(JSON.stringify(await clientOf().apps()), /s4/);
  });

  test("what a call printed and the stack of what it threw are shown with the call, by lines of the sources", async () => {
    const throwing = `\nexport default {\n  fetch(): Response {\n    console.log("about to fail");\n    throw new Error("no stock");\n  },\n};\n`;
    const since = dev.told.length;
    assert.match(await saved(() => writeFileSync(join(dir, "api.ts"), throwing), "?for=7"), /function-threw/);
    const call = await dev.next("the call", ({ event, path }) => event === "call" && path === "/?for=7", since);
    assert.deepEqual([call["method"], call["status"], call["outcome"]], ["GET", 0, "function-threw"]);
    const printed = await dev.next("its log", ({ event, text }) => event === "log" && String(text).includes("about to fail"), since);
    assert.equal(printed["invocation"], call["invocation"]);
    const stack = await dev.next("its stack", ({ event, text }) => event === "log" && String(text).includes("no stock"), since);
    assert.match(String(stack["text"]), /api\.ts:5:\d+/);
  });

  test("another terminal fires its triggers and replays its calls without saying where the server is", async () => {
    const echoes = `export default { async fetch(request: Request) {
      return new Response(request.method + " " + new URL(request.url).pathname + " " + (await request.text()), { status: 201 });
    } };
    export const handler = async (event: { n?: number }) => console.log("fired with", event.n);\n`;
    const manifest = JSON.stringify({
      name: "shop",
      functions: { api: { entry: "api.ts" }, job: { entry: "job.ts", triggers: [{ name: "nightly", schedule: "0 3 * * *" }] } },
    });
    await saved(() =>
      write(dir, {
        "api.ts": echoes,
        "job.ts": `export const handler = async (event: { n?: number }) => console.log("fired with", event.n);\n`,
        "mayfly.json": manifest,
      }),
    );
    const since = dev.told.length;
    await (await fetch(`${url}/carts/7`, { method: "PUT", body: "three apples" })).text();
    const call = (await dev.next("the call", ({ event, method }) => event === "call" && method === "PUT", since)) as unknown as RecentCall;
    const replayed = await mayfly(["replay", call.invocation], { env });
    assert.deepEqual([replayed.code, replayed.stdout], [0, "PUT /carts/7 three apples"], replayed.stderr);
    const unknown = await mayfly(["replay", "none-1"], { env });
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /none-1 cannot be replayed/);
    const fired = await mayfly(["trigger", "fire", "shop", "nightly", "--data", `{"n":42}`], { env });
    assert.equal(fired.code, 0, fired.stderr);
    await dev.next("what it printed", ({ event, text }) => event === "log" && String(text).includes("fired with 42"), since);
    const ran = await dev.next("the event", ({ event, kind }) => event === "call" && kind === "event", since);
    const again = dev.told.length;
    const twice = await mayfly(["replay", String(ran["invocation"])], { env });
    assert.equal(twice.code, 0, twice.stderr);
    await dev.next("the same once more", ({ event, text }) => event === "log" && String(text).includes("fired with 42"), again);
  });

  test("Ctrl-C ends all that it started, and removes the state", async () => {
    const below = descendants(dev.child.pid!);
    assert.ok(below.length > 0);
    const { stateDir } = dev.told[0] as unknown as { stateDir: string };
    assert.ok(existsSync(stateDir));
    dev.child.kill("SIGINT");
    assert.deepEqual(await once(dev.child, "exit"), [0, null], dev.stderr());
    await eventually(
      "the processes",
      () => below.filter(isAlive),
      (alive) => alive.length === 0,
    );
    assert.deepEqual(readdirSync(join(stateRoot, "dev")), []);
    assert.doesNotMatch(dev.stderr(), /error/i);
  });
});

test("several apps are developed at once on a terminal, their state is kept where --state says, and the terminal's Ctrl-C ends them", async (context) => {
  const root = temporaryFolder(context);
  const [a, b] = ["alpha", "beta"].map((name) =>
    write(join(root, name), { "mayfly.json": appOf(name), "api.ts": answering(`I am ${name}`) }),
  );
  const state = join(root, "state");
  const command = `${projectDir}mayfly dev ${a} ${b} --driver process --listen 127.0.0.1:0 --state ${state}`;
  // A pseudo-terminal, which turns the byte of Ctrl-C into the signal.
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    env: { ...process.env, TERM: "xterm" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  afterwards(context, () => void child.kill("SIGKILL"));
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => (shown += String(chunk)));
  const sees = (pattern: RegExp) =>
    eventually(
      String(pattern),
      () => shown,
      (text) => pattern.test(text) || child.exitCode !== null,
    );
  await sees(/alpha\/api[^]*beta\/api/);
  const urls = [...shown.matchAll(/http:\/\/127\.0\.0\.1:\d+\/\w+\/api/g)].map(([url]) => url);
  assert.equal(urls.length, 2, shown);
  assert.deepEqual(await Promise.all(urls.map(async (url) => (await fetch(url)).text())), ["I am alpha", "I am beta"]);
  await sees(/alpha.*GET .*200[^]*beta.*GET .*200|beta.*GET .*200[^]*alpha.*GET .*200/);
  writeFileSync(join(b!, "api.ts"), answering("I am new"));
  await sees(/beta.*api\.ts.*revision 2/);
  assert.equal(await (await fetch(urls[1]!)).text(), "I am new");
  child.stdin.write("\u0003");
  assert.deepEqual(await once(child, "exit"), [0, null], shown);
  assert.ok(existsSync(join(state, "api-token")));
  const kept = await mayfly(["dev", join(root, "nothing"), "--state", state]);
  assert.equal(kept.code, 2);
  assert.match(kept.stderr, /no folder/);
});
