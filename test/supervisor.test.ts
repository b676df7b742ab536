/** What `mayfly serve` does if its worker dies, and if it can't start: the real command, in processes of its own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { createClient } from "../src/doors/admin/client.ts";
import { readRecord } from "../src/supervisor/record.ts";
import { firstLine, mayfly, outcomeOf, serve, start, type Server } from "./command.ts";
import { isAlive } from "./host.ts";
import { deploy, eventually, temporaryFolder } from "./platform.ts";
import { listening } from "../src/base/testing/listening.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

const quick = ["--driver", "process", "--blanks", "0"];
const BUSY_HOST_MS = 120_000;

function clientOf(server: Server, stateDir: string) {
  return createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
}

const gone = (pid: number) =>
  eventually(
    `the end of process ${pid}`,
    () => isAlive(pid),
    (alive) => !alive,
    BUSY_HOST_MS,
  );

test("a killed worker is replaced on the same addresses; no caller is refused, and status tells why the worker ended", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  const client = clientOf(server, stateDir);
  await deploy(client, "examples/hello");
  const before = await mayfly(["status", "--json", "--state", stateDir]);
  assert.equal(before.code, 0, before.stderr);
  process.kill(server.worker, "SIGKILL");
  // This request arrives while there is no worker.
  assert.equal(await (await fetch(`${server.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
  const { pid, worker, restarts, deaths, apps } = await client.status();
  assert.deepEqual([pid, restarts, apps], [server.child.pid, 1, 1]);
  assert.notEqual(worker, server.worker);
  assert.match(deaths[0]!.reason, /it was ended by SIGKILL/);
  const after = await mayfly(["status", "--state", stateDir]);
  assert.equal(after.code, 1, after.stderr);
  assert.match(after.stdout, /is up, and needs a look\.[^]*restarts +1; the last .*SIGKILL/);
  // The reported process id is the one to signal.
  assert.equal(await server.end("SIGTERM"), 0);
  await gone(worker);
  // Steps, deaths and the end all have the log's one format, for the programs that read it.
  const log = (await server.log).trim().split("\n");
  const messages = log.map((line) => (JSON.parse(line) as { msg: string }).msg);
  for (const one of [/^bundling the agent$/, /^done: bundling the agent$/, /^the worker died/, /^finishing what is in flight/])
    assert.ok(
      messages.some((message) => one.test(message)),
      `${one} in ${messages.join("\n")}`,
    );
  const ended = await mayfly(["status", "--state", stateDir]);
  assert.equal(ended.code, 4);
});

test("after a worker's death, callers of lost calls are told what happened, and the app's log has the number of lost calls", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  const client = clientOf(server, stateDir);
  for (const app of ["echo", "hello"]) await deploy(client, app === "echo" ? "test/apps/echo" : "examples/hello");
  const calling = mayfly(["invoke", "echo/hang", "--state", stateDir]);
  const follower = start(["logs", "-f", "echo", "--state", stateDir], {});
  const following = outcomeOf(follower);
  let followed = "";
  follower.stdout!.on("data", (chunk: Buffer) => (followed += chunk.toString()));
  await eventually(
    "the call's machine at work",
    () => client.machines(),
    (machines) => machines.some(({ app, slots }) => app === "echo" && slots.used > 0),
    BUSY_HOST_MS,
  );
  // One that connects after the death follows the next worker, and hears of nothing.
  await eventually(
    "a line that is followed",
    () => followed,
    (text) => text.includes("hanging"),
    BUSY_HOST_MS,
  );
  process.kill(server.worker, "SIGKILL");
  for (const { code, stderr } of await Promise.all([calling, following])) {
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      /error: The connection to \S+ was cut before the reply was complete: [^]*cure: The request may have been carried out in part/,
    );
    assert.doesNotMatch(stderr, /defect/);
  }
  const lines = await eventually(
    "the line on lost calls",
    () => client.logs({ app: "echo", tail: 100 }).catch(() => []),
    (found) => found.some(({ text }) => text.includes("worker died")),
    BUSY_HOST_MS,
  );
  const [line, ...more] = lines.filter(({ text }) => text.includes("worker died"));
  assert.deepEqual(more, []);
  assert.equal(line!.level, "platform");
  assert.match(
    line!.text,
    /^The server's worker died, and the app's machines with it: .*SIGKILL.* Calls in flight then got no reply, and may have run in part\./,
  );
  // This app had no machine, so it lost no calls.
  assert.deepEqual(
    (await client.logs({ app: "hello", tail: 100 })).filter(({ text }) => text.includes("worker died")),
    [],
  );
});

test("a supervisor that is killed leaves no worker, and its server.json is told to be stale", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  await server.end("SIGKILL");
  await gone(server.worker);
  const outcome = await mayfly(["list", "--state", stateDir]);
  assert.equal(outcome.code, 4);
  assert.match(outcome.stderr, /\(pid \d+\) is gone, and left its server\.json behind/);
});

test("of two servers that share a run folder, the first to end removes nothing of the second's, and the last leaves nothing", async (context) => {
  const [states, runDir] = [[temporaryFolder(context), temporaryFolder(context)], join(temporaryFolder(context), "run")];
  const config = join(temporaryFolder(context), "config.json");
  writeFileSync(config, JSON.stringify({ runDir }));
  const [first, second] = await Promise.all(states.map((stateDir) => serve(context, stateDir, [...quick, "--config", config])));
  for (const [at, server] of [first!, second!].entries()) {
    await deploy(clientOf(server, states[at]!), "examples/hello");
    assert.equal((await fetch(`${server.gatewayUrl}/hello/hello`)).status, 200);
  }
  const own = () => readdirSync(join(runDir, "process"));
  assert.equal(own().length, 2);
  assert.equal(await first!.end("SIGTERM"), 0);
  assert.equal(own().length, 1);
  assert.equal((await fetch(`${second!.gatewayUrl}/hello/hello`)).status, 200);
  await deploy(clientOf(second!, states[1]!), "examples/wait");
  assert.equal((await fetch(`${second!.gatewayUrl}/wait/wait`)).status, 200);
  assert.equal(await second!.end("SIGTERM"), 0);
  if (existsSync(runDir)) assert.deepEqual(readdirSync(runDir), [], "only the folder itself may have been there before its server");
});

test("commands find a server by its state folder, on whatever address it listens", async (context) => {
  const stateDir = temporaryFolder(context);
  await serve(context, stateDir, quick);
  const deployed = await mayfly(["deploy", "examples/hello", "--state", stateDir]);
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.equal((await mayfly(["list"], { env: { MAYFLY_STATE_DIR: stateDir } })).code, 0);
});

test("the error that ended a worker is reported as the reason of its death", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  process.kill(server.worker, "SIGSEGV");
  const record = await eventually(
    "the death",
    () => readRecord(stateDir),
    (found) => (found?.deaths.length ?? 0) > 0,
    BUSY_HOST_MS,
  );
  assert.match(record!.deaths[0]!.reason, /SIGSEGV: Node itself gave up/);
});

test("a start that can't succeed ends at once, with the cause, the cure and the usual exit code", async (context) => {
  const stateDir = temporaryFolder(context);
  const refused = async (args: string[], code: number, pattern: RegExp, env: NodeJS.ProcessEnv = {}) => {
    const outcome = await mayfly(["serve", ...quick, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", ...args], { env });
    assert.match(outcome.stderr, pattern);
    assert.doesNotMatch(outcome.stderr, /defect|worker died/);
    assert.equal(outcome.code, code, outcome.stderr);
  };
  const state = ["--state", stateDir];
  const taken = createServer();
  const port = await listening(taken);
  afterwards(context, () => taken.close());
  await refused([...state, "--listen", `127.0.0.1:${port}`], 5, /is in use by another program/);
  await refused(
    [...state, "--listen", "192.0.2.1:8080", "--allow-insecure-bind"],
    5,
    /this host has no such address[^]*cure: Name an address/,
  );
  await refused(
    [...state, "--api", "no-such-name.invalid:1", "--allow-insecure-bind"],
    5,
    /api: Mayfly cannot listen on no-such-name.*name/,
  );
  await refused([...state, "--listen", "0.0.0.0:0"], 2, /Refusing to listen/);
  await refused([...state, "--max-machines", "1", "--log-level", "loud"], 2, /logLevel/);
  await refused([], 5, /\/proc\/x cannot be read or written/, { MAYFLY_STATE_DIR: "/proc/x" });
  await refused([...state, "--cache", "/proc/x"], 2, /cacheDir/);
  writeFileSync(join(stateDir, "catalog.db"), "no database, but long enough to look like one ".repeat(100));
  await refused(state, 1, /catalog\.db is damaged/);
});

test("a second server on a folder is told the pid to stop", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  const second = await mayfly(["serve", ...quick, "--state", stateDir, "--listen", server.gatewayUrl.slice(7), "--api", "127.0.0.1:0"]);
  assert.equal(second.code, 5);
  assert.match(second.stderr, new RegExp(`Another Mayfly \\(pid ${server.child.pid}\\)`));
});

test("while a worker is replaced, the supervisor keeps the lock of the state folder", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  process.kill(server.worker, "SIGKILL");
  const second = await mayfly(["serve", ...quick, "--state", stateDir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
  assert.equal(second.code, 5);
  assert.match(second.stderr, /Another Mayfly/);
});

test("status reports a worker that hangs, and a second signal ends worker and supervisor at once", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, quick);
  process.kill(server.worker, "SIGSTOP");
  const { code, stdout } = await mayfly(["status", "--state", stateDir]);
  assert.equal(code, 4);
  assert.match(stdout, /is not up: its worker is not answering/);
  server.child.kill("SIGTERM");
  server.child.kill("SIGINT");
  assert.equal(await server.end("SIGTERM"), 1);
  await gone(server.worker);
});

test("on SIGHUP, gateway and API take over new certificates, keep the old ones if the new are invalid, and finish the calls in flight", async (context) => {
  const stateDir = temporaryFolder(context);
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(stateDir, name));
  const make = (name: string) => {
    const options = `req -x509 -newkey rsa:2048 -nodes -days 2 -addext subjectAltName=IP:127.0.0.1 -subj /CN=${name} -keyout ${key} -out ${cert}`;
    execFileSync("openssl", options.split(" "), { stdio: "ignore" });
  };
  make("first");
  const server = await serve(context, stateDir, [...quick, "--tls-cert", cert!, "--tls-key", key!]);
  const deployed = await mayfly(["deploy", "test/apps/echo", "--state", stateDir], { env: { NODE_EXTRA_CA_CERTS: cert! } });
  assert.equal(deployed.code, 0, deployed.stderr);
  const call = requestTls(`${server.gatewayUrl}/echo/echo`, { method: "POST", rejectUnauthorized: false });
  call.write("begun with the first, ");
  const [reply] = (await once(call, "response")) as [IncomingMessage];
  const names = () => Promise.all([server.gatewayUrl, server.apiUrl].map(nameAt));
  assert.deepEqual(await names(), ["first", "first"]);
  make("second");
  server.child.kill("SIGHUP");
  await eventually("the second certificate", names, (found) => found.every((name) => name === "second"), BUSY_HOST_MS);
  writeFileSync(cert!, "no certificate");
  server.child.kill("SIGHUP");
  make("third");
  server.child.kill("SIGHUP");
  await eventually("the third certificate", names, (found) => found.every((name) => name === "third"), BUSY_HOST_MS);
  assert.ok(isAlive(server.worker));
  call.end("ended with the third");
  assert.equal(await text(reply), "begun with the first, ended with the third");
});

test("a server keeps running when the reader of its log has gone", async (context) => {
  const stateDir = temporaryFolder(context);
  const args = ["serve", "--json", "--state", stateDir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", ...quick];
  const child = start(args, {});
  afterwards(context, () => void child.kill("SIGKILL"));
  child.stderr!.resume();
  const { worker, apiUrl } = JSON.parse(await firstLine(child)) as { worker: number; apiUrl: string };
  child.stderr!.destroy();
  child.stdout!.destroy();
  for (let round = 0; round < 3; round++) child.kill("SIGHUP");
  assert.equal((await fetch(`${apiUrl}/v1/health`)).status, 200);
  assert.ok(isAlive(worker));
  child.kill("SIGTERM");
  await once(child, "exit");
  await gone(worker);
});

async function nameAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}
