/** A real relay, in a network namespace that stands in for QEMU's. It needs root, as appliances with ports and network access do. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { createEgress } from "../egress/create-egress.ts";
import { createPipe } from "../base/libc/libc.ts";
import { openNetNamespace } from "./net-namespace.ts";
import { publish } from "./publish.ts";
import { until } from "../base/clock/until.ts";
import { type Relay, startRelay } from "./relay-process.ts";
import { freePort, listening } from "../base/testing/listening.ts";

const WAIT_MS = 60_000;

/** Starts a server that listens on port 20,000 of a namespace of its own, and says hello. */
async function machine(context: TestContext): Promise<number> {
  const code = `require("net").createServer((s) => { s.on("error", () => 0); s.end("hello from inside\\n"); }).listen(20000, "0.0.0.0", () => console.log("up"))`;
  const child = spawn("/usr/bin/unshare", ["--net", process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return openNetNamespace(child.pid!)!;
}

async function relayFor(context: TestContext, allow: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-relay-"));
  const console_ = createPipe();
  const socket = publish({ address: "127.0.0.1", host: await freePort(), guest: 1 });
  const namespace = await machine(context);
  const lines: string[] = [];
  const notes: string[] = [];
  const relay = await startRelay({
    id: `relay-test-${process.pid}-${socket.fd}`,
    app: `relay-test-${process.pid}`,
    folder,
    confined: { uid: 1_899_999_999, namespace },
    console: console_.read,
    ports: [{ socket, qemu: 20_000 }],
    egress: createEgress({ allow, bound: allow, unread: true }),
    clock: systemClock,
    onLines: (some) => lines.push(...some),
    note: (note) => notes.push(note),
  });
  context.after(async () => {
    await relay.close();
    socket.close();
    closeSync(console_.read);
    closeSync(namespace);
    rmSync(folder, { recursive: true, force: true });
  });
  return { relay, socket, console: console_.write, lines, notes, port: Number(socket.name.split(":").at(-1)) };
}

async function greeting(port: number): Promise<string> {
  const client = connect(port, "127.0.0.1");
  return text(client);
}

/** The relay of this test process. */
function relayPid(): number {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("relay/main.ts"))!;
}

test("a relay leads a published port into the namespace, reports the console's lines, and has no privileges", async (context) => {
  const { port, console, lines, relay } = await relayFor(context);
  assert.equal(await greeting(port), "hello from inside\n");
  writeSync(console, "first\nsecond\nhalf");
  await until(() => lines.length >= 2, { what: "the lines", ms: WAIT_MS });
  assert.match(readFileSync(`/proc/${relayPid()}/cgroup`, "utf8"), new RegExp(`/app-relay-test-${process.pid}/relay-test-.*-relay$`, "m"));
  const status = readFileSync(`/proc/${relayPid()}/status`, "utf8");
  assert.match(status, /^Uid:\s+1899999999\s+1899999999\s+1899999999/m);
  assert.match(status, /^Groups:\s*$/m);
  for (const set of ["CapPrm", "CapEff", "CapInh", "CapAmb"]) assert.match(status, new RegExp(`^${set}:\\s+0+$`, "m"));
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.ok(relay.cpuUs() >= 0);
  closeSync(console);
  await relay.consoleEnded();
  assert.deepEqual(lines, ["first", "second", "half"]);
});

test("a relay that is killed is replaced, the log says so, and its port never refuses a connection", async (context) => {
  const { port, notes, console } = await relayFor(context);
  const first = relayPid();
  process.kill(first, "SIGKILL");
  assert.equal(await greeting(port), "hello from inside\n");
  assert.notEqual(relayPid(), first);
  assert.match(notes.join("\n"), /it was ended by SIGKILL.*another starts in 1 s/);
  closeSync(console);
});

test("hundreds of connections over the limit of descriptors end neither relay nor server", async (context) => {
  const { port, notes, console } = await relayFor(context);
  const pid = relayPid();
  const clients: Socket[] = [];
  context.after(() => clients.forEach((client) => client.destroy()));
  const many = 1_600;
  for (let i = 0; i < many; i++) clients.push(connect(port, "127.0.0.1").on("error", () => undefined));
  for (const client of clients) client.on("data", () => undefined);
  await until(() => clients.every(({ connecting }) => !connecting), { what: "the flood's end", ms: WAIT_MS });
  for (const client of clients) client.destroy();
  const last = await until(() => greeting(port).catch(() => undefined), { what: "a greeting", ms: WAIT_MS });
  assert.equal(last, "hello from inside\n");
  assert.equal(relayPid(), pid, notes.join("\n"));
  closeSync(console);
});

test("the first bytes of a tunnel are not lost, whichever end sends them; what egress forbids is refused", async (context) => {
  const outside = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("220 I speak first\n");
    socket.pipe(socket);
  });
  const port = await listening(outside);
  context.after(() => outside.close());
  const target = `127.0.0.1:${port}`;
  const { relay, console } = await relayFor(context, [target]);
  assert.match(
    await insideSays(`CONNECT ${target} HTTP/1.1\r\nhost: x\r\n\r\n`, /speak first/),
    /^HTTP\/1\.1 200 .*\r\n\r\n220 I speak first/s,
  );
  assert.match(await insideSays("CONNECT 127.0.0.1:1 HTTP/1.1\r\nhost: x\r\n\r\n", /may not reach/), /^HTTP\/1\.1 403 /);
  assert.match(await insideSays("GET http://169.254.169.254/ HTTP/1.1\r\nhost: x\r\n\r\n", /may not reach/), /^HTTP\/1\.1 403 /);
  closeSync(console);
  await relay.consoleEnded();
});

/** Sends bytes to the proxy as the machine would, and resolves with the reply once it matches. */
async function insideSays(bytes: string, pattern: RegExp): Promise<string> {
  const code = `const s = require("net").connect(3128, "127.0.0.1", () => s.write(process.argv[1])); s.pipe(process.stdout); s.on("error", () => 0);`;
  const namespace = `--net=/proc/${relayPid()}/ns/net`;
  const child = spawn("/usr/bin/nsenter", [namespace, process.execPath, "-e", code, bytes], { stdio: ["ignore", "pipe", "inherit"] });
  let got = "";
  child.stdout.on("data", (chunk) => (got += String(chunk)));
  try {
    return await until(() => pattern.test(got) && got, { what: String(pattern), ms: WAIT_MS });
  } finally {
    child.kill("SIGKILL");
  }
}

test("a relay that does not start is an error at once, and leaves nothing behind", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-relay-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const console_ = createPipe();
  const busy = createServer();
  await listening(busy);
  context.after(() => busy.close());
  // This descriptor is not a socket, so listening on it fails.
  const socket = { name: "p", fd: console_.write, close: () => undefined };
  const plan = {
    id: `relay-broken-${process.pid}`,
    app: "relay-broken",
    folder,
    confined: undefined,
    console: console_.read,
    egress: undefined,
    clock: systemClock,
  };
  const starting: Promise<Relay> = startRelay({ ...plan, ports: [{ socket, qemu: 1 }], onLines: () => undefined, note: () => undefined });
  await assert.rejects(starting, /did not start: it ended with code 1/);
  closeSync(console_.read);
  closeSync(console_.write);
});
