/**
 * `mayfly dev` as a user has it: the command in a process of its own, over an app's folder whose files are saved as editors save them. The file is long
 * because all of its tests share how the command is started and how debuggers are spoken to.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { after, before, describe, test, type TestContext } from "node:test";
import { defaultRunDir } from "../src/base/config/folders.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { createClient } from "../src/doors/admin/client.ts";
import type { RecentCall } from "../src/doors/admin/call-schemas.ts";
import { mayfly, start } from "./command.ts";
import { Dap } from "./dap.ts";
import { assertDocumented } from "./documented.ts";
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
  next(what: string, holds: (told: Told) => boolean, since?: number, ms?: number): Promise<Told>;
  stderr(): string;
}

async function startDev(scope: { after(cleanUp: () => void): void }, args: string[], env: NodeJS.ProcessEnv): Promise<Dev> {
  const child = start(["dev", "--json", "--driver", "process", "--listen", "127.0.0.1:0", ...args], { env });
  afterwards(scope, () => void child.kill("SIGKILL"));
  const told: Told[] = [];
  let complaints = "";
  child.stderr!.on("data", (chunk: Buffer) => (complaints += String(chunk)));
  createInterface({ input: child.stdout! }).on("line", (line) => told.push(JSON.parse(line) as Told));
  const next = async (what: string, holds: (told: Told) => boolean, since = 0, ms?: number) => {
    const found = await eventually(
      what,
      () => told.slice(since).filter(holds),
      (all) => all.length > 0 || child.exitCode !== null,
      ms,
    );
    assert.ok(found[0], `mayfly dev ended before ${what}: ${complaints}`);
    for (const each of told.slice(since)) assertDocumented("dev", JSON.stringify(each));
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
    // What one that was killed has left. No process has such a number.
    for (const left of ["999999999", "999999999-inspect"]) write(join(stateRoot, "dev", left), { left: "" });
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

  test("each way in which editors save a file is a deploy that names this file alone, and a checkout of many files is no deploy for each", async () => {
    const file = join(dir, "api.ts");
    const [beside, backup] = [`${file}___jb_tmp___`, `${file}~`];
    const ways: Record<string, (text: string) => void> = {
      "in place": (text) => writeFileSync(file, text),
      vim(text) {
        writeFileSync(join(dir, "4913"), "");
        rmSync(join(dir, "4913"));
        renameSync(file, backup);
        writeFileSync(file, text);
        chmodSync(file, 0o644);
        rmSync(backup);
      },
      emacs(text) {
        symlinkSync("someone@here.1", join(dir, ".#api.ts"));
        copyFileSync(file, backup);
        writeFileSync(file, text);
        rmSync(join(dir, ".#api.ts"));
        rmSync(backup);
      },
      jetbrains(text) {
        writeFileSync(beside, text);
        renameSync(file, `${file}___jb_old___`);
        renameSync(beside, file);
        rmSync(`${file}___jb_old___`);
      },
      sed: () => void execFileSync("sed", ["-i", "s/jetbrains/sed/", file]),
    };
    const since = dev.told.length;
    for (const [way, save] of Object.entries(ways)) assert.equal(await saved(() => save(answering(way))), way);
    const all = dev.told.slice(since);
    const changes = (told: Told[]) =>
      told.filter(({ event, changed }) => event === "deployed" && changed === true).map((each) => each["saved"]);
    // On a busy host an editor's two steps may lie so far apart that they are two saves.
    assert.ok(changes(all).length >= Object.keys(ways).length, JSON.stringify(all));
    assert.deepEqual(
      changes(all).filter((saved) => JSON.stringify(saved) !== '["api.ts"]'),
      [],
      JSON.stringify(all),
    );
    assert.deepEqual(
      all.filter(({ event }) => event === "failed"),
      [],
    );

    const git = (...args: string[]) =>
      void execFileSync("git", ["-C", dir, "-c", "user.name=x", "-c", "user.email=x@y", ...args], { stdio: "ignore" });
    const many = Array.from({ length: 300 }, (_, at) => `many/n${at}.ts`);
    const imports = many.map((name, at) => `import { n as n${at} } from "./${name}";`).join("\n");
    const sum = `${imports}\nexport default { fetch: () => new Response(String(${many.map((_, at) => `n${at}`).join("+")})) };\n`;
    const writeAll = (n: number) => many.map((name) => writeFileSync(join(dir, name), `export const n = ${n};`));
    mkdirSync(join(dir, "many"));
    writeAll(1);
    assert.equal(await saved(() => writeFileSync(file, sum)), "300");
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "one");
    git("switch", "-qc", "two");
    assert.equal(await saved(() => void writeAll(2)), "600");
    git("commit", "-qam", "two");
    const before = dev.told.length;
    assert.equal(await saved(() => git("switch", "-q", "-")), "300");
    const over = () => {
      writeFileSync(file, answering("after"));
      rmSync(join(dir, "many"), { recursive: true });
    };
    assert.equal(await saved(over), "after");
    // Two, unless the host is so busy that git stops for a while in between.
    assert.ok(changes(dev.told.slice(before)).length < 20, JSON.stringify(dev.told.slice(before)));
    rmSync(join(dir, ".git"), { recursive: true });
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
    const since = dev.told.length;
    write(dir, { "mayfly.json": manifest, "api.ts": prints });
    const isWarning = ({ event, text }: Record<string, unknown>) =>
      event === "warned" && String(text).startsWith("the secret KEY is not set");
    await dev.next("a warning of the secret that is missing", isWarning, since);
    await saved(() => write(dir, { ".env": `GREETING=hello\nKEY="s3"\n` }));
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

  test("an app that mayfly.json names otherwise is removed under its old name, and has its secrets when it gets that back", async () => {
    const named = (name: string) => JSON.stringify({ name, functions: { api: { entry: "api.ts" } }, secrets: ["KEY"] });
    const answers = `export default { fetch: () => new Response("key " + process.env.KEY) };\n`;
    await saved(() => write(dir, { ".env": "KEY=s5\n", "mayfly.json": named("shop"), "api.ts": answers }));
    for (const [from, to] of [
      ["shop", "store"],
      ["store", "shop"],
    ] as const) {
      const since = dev.told.length;
      assert.ok(await saved(() => write(dir, { "mayfly.json": named(to) })));
      const renamed = await dev.next("the new name", ({ event }) => event === "renamed", since);
      assert.deepEqual([renamed["from"], renamed["to"], renamed["removed"]], [from, to, true]);
      assert.deepEqual(
        (await clientOf().apps()).map(({ app }) => app),
        [to],
      );
      assert.equal(await (await fetch(new URL(`/${to}/api`, url))).text(), "key s5");
      // Its calls are shown.
      await dev.next("the call", ({ event, app, function: name }) => event === "call" && app === to && name === "api", since);
    }
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

for (const [what, end] of [
  ["its terminal is closed, which kernel and shell may each tell", ({ child }: Dev) => child.kill("SIGHUP") && child.kill("SIGHUP")],
  ["whoever reads what it prints has gone", ({ child }: Dev) => child.stdout!.destroy()],
] as const)
  test(`mayfly dev ends all that it started, and removes the state, when ${what}`, async (context) => {
    const root = temporaryFolder(context);
    const dir = write(join(root, "shop"), { "mayfly.json": appOf("shop"), "api.ts": answering("one") });
    const env = { MAYFLY_STATE_DIR: join(root, "state") };
    // What one leaves that is killed goes with the next.
    const killed = await startDev(context, [dir], env);
    await killed.next("the first deploy", ({ event }) => event === "deployed");
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    const dev = await startDev(context, [dir], env);
    const app = await dev.next("the app's address", ({ event }) => event === "app");
    const url = (app["functions"] as { url: string }[])[0]!.url;
    assert.equal(await (await fetch(url)).text(), "one");
    await dev.next("the call", ({ event }) => event === "call");
    const machines = join(defaultRunDir(process.env, join(root, "state/dev")), "process");
    assert.deepEqual(
      readdirSync(machines).map((owner) => Number.parseInt(owner, 10)),
      [dev.child.pid],
    );
    const below = descendants(dev.child.pid!);
    assert.ok(below.length > 0);
    const exited = once(dev.child, "exit");
    end(dev);
    // Something is printed.
    await fetch(url).catch(() => undefined);
    assert.deepEqual(await exited, [0, null], dev.stderr());
    await eventually(
      "the processes",
      () => below.filter(isAlive),
      (alive) => alive.length === 0,
    );
    assert.deepEqual(readdirSync(join(root, "state/dev")), []);
    assert.doesNotMatch(dev.stderr(), /error/i);
  });

test("several apps are developed at once on a terminal, their state is kept where --state says, and the terminal's Ctrl-C ends them", async (context) => {
  const root = temporaryFolder(context);
  const [a, b] = ["alpha", "beta"].map((name) =>
    write(join(root, name), { "mayfly.json": appOf(name), "api.ts": answering(`I am ${name}`) }),
  );
  // In an app's folder, into which the server writes all the time then.
  const state = join(a!, "state");
  // Without exec, Debian's sh stays beside it, gets the same signal, and ends with 130 whatever the command's code is.
  const command = `exec ${projectDir}mayfly dev ${a} ${b} --driver process --listen 127.0.0.1:0 --state ${state}`;
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

/** What a debugger speaks: the protocol of Chrome's developer tools, over a WebSocket. */
class Debugger {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, { result: unknown }>();
  readonly events: { method: string; params: Record<string, unknown> }[] = [];
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const told = JSON.parse(String(data)) as { id?: number; result?: unknown; method: string; params: Record<string, unknown> };
      if (told.id === undefined) this.events.push(told);
      else this.#answers.set(told.id, { result: told.result });
    });
  }

  static async attach(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`no debugger can attach at ${url}`)));
    });
    return new Debugger(socket);
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await eventually(
      `the answer to ${method}`,
      () => this.#answers.get(id),
      (each) => each !== undefined,
    );
    return answer!.result;
  }

  async hears(method: string, holds: (params: Record<string, unknown>) => boolean = () => true): Promise<Record<string, unknown>> {
    const found = await eventually(
      method,
      () => this.events.find((each) => each.method === method && holds(each.params)),
      (event) => event !== undefined,
    );
    return found!.params;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Where the first place of a line of a source is in the generated code, both counted from 0. */
function placeIn(script: Record<string, unknown>, source: string, line: number): { lineNumber: number; columnNumber: number } {
  const [, encoded = ""] = String(script["sourceMapURL"]).split("base64,");
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()) as ConstructorParameters<typeof SourceMap>[0]);
  for (let lineNumber = 0; lineNumber <= Number(script["endLine"]); lineNumber++)
    for (let columnNumber = 0; columnNumber < 2_000; columnNumber++) {
      const entry = map.findEntry(lineNumber, columnNumber) as {
        originalSource?: string;
        originalLine?: number;
        generatedLine?: number;
        generatedColumn?: number;
      };
      const isHere = entry.generatedLine === lineNumber && entry.generatedColumn === columnNumber;
      if (isHere && entry.originalLine === line && String(entry.originalSource).endsWith(source)) return { lineNumber, columnNumber };
    }
  throw new Error(`no code is of ${source}:${line + 1}`);
}

for (const driver of ["process", "gvisor", "qemu"])
  test(`a debugger stops a function at a line of its TypeScript, looks at its variables, and finds the new code after a save, with ${driver}`, (context) =>
    debugNode(context, driver));

/** Milliseconds in which the template of machines of QEMU is made, where there is none. */
const BOOT_MS = 300_000;

async function debugNode(context: TestContext, driver: string): Promise<void> {
  const code = (greeting: string) => `interface Greeting { text: string }

export default {
  fetch(request: Request): Response {
    const name: string = new URL(request.url).searchParams.get("name") ?? "nobody";
    const greeting: Greeting = { text: \`${greeting}, \${name}\` };
    return new Response(greeting.text);
  },
};
`;
  const dir = write(join(temporaryFolder(context), "shop"), { "mayfly.json": appOf("shop"), "api.ts": code("Hello") });
  const dev = await startDev(context, [dir, "--inspect", "127.0.0.1:0", "--driver", driver], {
    MAYFLY_STATE_DIR: temporaryFolder(context),
  });
  const { inspector } = (await dev.next("the start", ({ event }) => event === "up", 0, BOOT_MS)) as unknown as { inspector: string };
  const app = await dev.next("the app's address", ({ event }) => event === "app");
  const url = (app["functions"] as { url: string }[])[0]!.url;
  let before: string | undefined;
  for (const greeting of ["Hello", "Goodbye"]) {
    if (greeting !== "Hello") {
      const since = dev.told.length;
      writeFileSync(join(dir, "api.ts"), code(greeting));
      await dev.next("a deploy", ({ event }) => event === "deployed", since);
    }
    // The code is loaded by the first call.
    assert.equal(await (await fetch(`${url}?name=x`)).text(), `${greeting}, x`);
    // The thread that carries the inspector begins beside the function.
    const targets = await eventually(
      "the new machine's inspector",
      async () => (await (await fetch(`http://${inspector}/json/list`)).json()) as { title: string; webSocketDebuggerUrl: string }[],
      (all) => all.length > 0 && all[0]!.webSocketDebuggerUrl !== before,
    );
    before = targets[0]!.webSocketDebuggerUrl;
    assert.match(targets[0]!.title, /^shop in /);
    // On other servers a machine that has nothing to do is stopped within half a second, and answers no debugger then.
    await sleep(1_000);
    const cdp = await Debugger.attach(targets[0]!.webSocketDebuggerUrl);
    afterwards(context, () => cdp.close());
    await cdp.send("Debugger.enable");
    const script = await cdp.hears("Debugger.scriptParsed", ({ url: file }) => String(file).endsWith("/api.cjs"));
    const map = JSON.parse(Buffer.from(String(script["sourceMapURL"]).split("base64,")[1]!, "base64").toString()) as {
      sourceRoot: string;
      sources: string[];
    };
    assert.equal(new URL(map.sources[0]!, map.sourceRoot).href, pathToFileURL(join(realpathSync(dir), "api.ts")).href);
    const { scriptId } = script;
    await cdp.send("Debugger.setBreakpoint", { location: { scriptId, ...placeIn(script, "api.ts", 6) } });
    const calling = fetch(`${url}?name=Ada`);
    const paused = await cdp.hears("Debugger.paused");
    const [{ callFrameId }] = paused["callFrames"] as [{ callFrameId: string }];
    const seen = (await cdp.send("Debugger.evaluateOnCallFrame", { callFrameId, expression: "greeting.text" })) as {
      result: { value: string };
    };
    assert.equal(seen.result.value, `${greeting}, Ada`);
    await cdp.send("Debugger.evaluateOnCallFrame", { callFrameId, expression: `greeting.text = "changed"` });
    await cdp.send("Debugger.resume");
    assert.equal(await (await calling).text(), "changed");
  }
  const refused = await mayfly(["dev", dir, "--inspect", "--driver", "qemu", "--kernel", "osv"], {
    env: { MAYFLY_STATE_DIR: temporaryFolder(context) },
  });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /not for machines of OSv/);
  dev.child.kill("SIGINT");
  assert.deepEqual(await once(dev.child, "exit"), [0, null], dev.stderr());
}

test("a debugger stops a function at a line of its Python, looks at its variables and changes them, and finds the new code after a save", async (context) => {
  const code = (greeting: string) => `from urllib.parse import parse_qs


def handler(environ, start_response):
    name = parse_qs(environ["QUERY_STRING"])["name"][0]
    greeting = f"${greeting}, {name}"
    start_response("200 OK", [("content-type", "text/plain")])
    return [greeting.encode()]
`;
  const manifest = JSON.stringify({ name: "shop", runtime: "python", functions: { api: { entry: "api.py", handler: "handler" } } });
  const dir = write(join(temporaryFolder(context), "shop"), { "mayfly.json": manifest, "api.py": code("Hello") });
  const dev = await startDev(context, [dir, "--inspect", "127.0.0.1:0"], { MAYFLY_STATE_DIR: temporaryFolder(context) });
  const { inspector } = (await dev.next("the start", ({ event }) => event === "up")) as unknown as { inspector: string };
  const app = await dev.next("the app's address", ({ event }) => event === "app");
  const url = (app["functions"] as { url: string }[])[0]!.url;
  for (const greeting of ["Hello", "Goodbye"]) {
    if (greeting !== "Hello") {
      const since = dev.told.length;
      writeFileSync(join(dir, "api.py"), code(greeting));
      await dev.next("a deploy", ({ event }) => event === "deployed", since);
    }
    assert.equal(await (await fetch(`${url}?name=x`)).text(), `${greeting}, x`);
    const dap = await Dap.connect(inspector);
    afterwards(context, () => dap.close());
    await dap.send("initialize", { clientID: "test", adapterID: "debugpy", pathFormat: "path", linesStartAt1: true });
    const attached = dap.ask("attach", { pathMappings: [{ localRoot: dir, remoteRoot: "." }], justMyCode: true });
    await dap.hears("initialized");
    const source = { path: join(dir, "api.py") };
    const { breakpoints } = (await dap.send("setBreakpoints", { source, breakpoints: [{ line: 7 }] })) as { breakpoints: object[] };
    assert.deepEqual(
      breakpoints.map((each) => (each as { verified: boolean }).verified),
      [true],
    );
    await dap.send("configurationDone");
    await dap.answered(attached);
    const calling = fetch(`${url}?name=Ada`);
    const stopped = await dap.hears("stopped");
    assert.equal(stopped["reason"], "breakpoint");
    const { stackFrames } = (await dap.send("stackTrace", { threadId: stopped["threadId"] })) as {
      stackFrames: { id: number; line: number; source: { path: string } }[];
    };
    assert.deepEqual([stackFrames[0]!.source.path, stackFrames[0]!.line], [source.path, 7]);
    const { id: frameId } = stackFrames[0]!;
    assert.equal((await dap.send("evaluate", { expression: "greeting", frameId, context: "watch" }))["result"], `'${greeting}, Ada'`);
    await dap.send("evaluate", { expression: "greeting = 'changed'", frameId, context: "repl" });
    await dap.send("continue", { threadId: stopped["threadId"] });
    assert.equal(await (await calling).text(), "changed");
    dap.close();
  }
  dev.child.kill("SIGINT");
  assert.deepEqual(await once(dev.child, "exit"), [0, null], dev.stderr());
});
