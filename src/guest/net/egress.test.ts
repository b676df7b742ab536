import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { createEgress } from "../../egress/create-egress.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { type RunningAgent, startAgentProcess } from "../testing/running-agent.ts";

// The host's half in this test leads every name to real listeners on this machine's loopback, except two names that fail.
const web = createHttpServer((request, response) => {
  if (request.url === "/large") response.end(Buffer.alloc(2_000_000, "abc"));
  else request.pipe(response);
});
/** Echoes what it gets, and sends a goodbye after the other half has ended. */
const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("data", (chunk) => socket.write(chunk)).on("end", () => socket.end("bye"));
  socket.on("error", () => socket.destroy());
});

let agent: RunningAgent;
let closed: RunningAgent;
/** An agent whose host's half is as in production, except that it does not require public addresses, of which there may be none. */
let real: RunningAgent;

before(async () => {
  for (const server of [web, echo]) await once(server.listen(0, "127.0.0.1"), "listening");
  agent = await startAgentProcess({ egress: { connect: reach, resolve: find } });
  await agent.bind({ main }, { egress: true });
  closed = await startAgentProcess();
  await closed.bind({ main }, { egress: false });
  const egress = createEgress({ allow: [] });
  real = await startAgentProcess({
    egress: { connect: (host, port, gone) => egress.connect(host, port, gone), resolve: (host, family) => egress.resolve(host, family) },
  });
  await real.bind({ main }, { egress: true });
});
after(async () => {
  await Promise.all([agent.kill(), closed.kill(), real.kill()]);
  web.close();
  web.closeAllConnections();
  echo.close();
});

const main = `
const net = require("node:net"), http = require("node:http"), dns = require("node:dns"), dgram = require("node:dgram"), { once } = require("node:events");
exports.default = { async fetch(request) {
  const code = decodeURIComponent(new URL(request.url).search.slice(1));
  try { return Response.json(await eval("(async () => {" + code + "})()") ?? null) }
  catch (error) { const e = error.cause ?? error; return Response.json({ code: e.code, message: e.message }) }
} }`;

async function run(code: string, where = agent): Promise<unknown> {
  const reply = await where.call({ url: `http://x/?${encodeURIComponent(code)}` });
  assert.equal(reply.reset, null);
  return JSON.parse(reply.text) as unknown;
}

async function reach(_host: string, port: number, _gone: AbortSignal, host?: string): Promise<Socket> {
  if (host === "denied.example") throw new MayflyError("egress-denied", { address: host, reason: "it is a test's" });
  if (host === "dead.example") throw Object.assign(new Error("it says ENOTHING"), { code: "ENETUNREACH" });
  const { port: real } = (port === 7 ? echo : web).address() as AddressInfo;
  const socket = connect(real, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function find(host: string): Promise<{ address: string; family: 4 | 6 }[]> {
  if (host === "denied.example" || host === "dead.example") return Promise.resolve([{ address: "192.0.2.9", family: 4 }]);
  return Promise.resolve([
    { address: "192.0.2.7", family: 4 },
    { address: "192.0.2.8", family: 4 },
  ]);
}

test("fetch, http and net reach a destination through the host", async () => {
  assert.equal(await run(`return (await fetch("http://web.example/", { method: "POST", body: "by fetch" })).text()`), "by fetch");
  assert.equal(
    await run(
      `const request = http.request("http://web.example/", { method: "POST" }); request.end("by http"); const [response] = await once(request, "response"); let text = ""; for await (const chunk of response) text += chunk; return text`,
    ),
    "by http",
  );
  assert.deepEqual(
    await run(
      `const socket = net.connect(7, "echo.example"); await once(socket, "connect"); const { remotePort } = socket; socket.end("by net,"); let text = ""; for await (const chunk of socket) text += chunk; return [text, remotePort]`,
    ),
    ["by net,bye", 7],
  );
});

test("large replies come through under credit", async () => {
  assert.equal(await run(`return (await (await fetch("http://web.example/large")).arrayBuffer()).byteLength`), 2_000_000);
});

test("callbacks of sockets log under their invocation", async () => {
  const reply = await agent.call({
    url: `http://x/?${encodeURIComponent(`await new Promise((done) => net.connect(7, "echo.example", function () { console.log("in callback"); this.destroy(); done() }))`)}`,
  });
  assert.equal((await agent.logged("in callback")).stream, reply.stream);
});

test("names are resolved by the host", async () => {
  assert.deepEqual(await run(`return dns.promises.lookup("web.example")`), { address: "192.0.2.7", family: 4 });
  assert.deepEqual(
    await run(`return new Promise((resolve) => dns.lookup("web.example", (error, address, family) => resolve([error, address, family])))`),
    [null, "192.0.2.7", 4],
  );
  assert.deepEqual(await run(`return dns.promises.resolve4("web.example")`), ["192.0.2.7", "192.0.2.8"]);
  assert.equal(((await run(`return dns.promises.resolveMx("web.example")`)) as { code: string }).code, "ENOTSUP");
});

test("what the host refuses fails with Node's codes and the host's reason", async () => {
  const denied = (await run(`return fetch("http://denied.example/")`)) as { code: string; message: string };
  assert.equal(denied.code, "EACCES");
  assert.match(denied.message, /^connect EACCES 192\.0\.2\.9:80: .*denied\.example/);
  const dead = (await run(`return fetch("http://dead.example/")`)) as { code: string; message: string };
  assert.equal(dead.code, "ENETUNREACH", "the error's code counts, not what its text names");
});

test("without egress every outgoing connection fails at once with the reason, and the machine itself can be reached", async () => {
  for (const code of [
    `return fetch("http://web.example/")`,
    `const s = net.connect(7, "192.0.2.1"); await once(s, "connect")`,
    `return dns.promises.lookup("web.example")`,
  ]) {
    const { code: name, message } = (await run(code, closed)) as { code: string; message: string };
    assert.equal(name, "EACCES");
    assert.match(message, /this app has no network: set "network": "egress" in mayfly\.json/);
  }
  const own = `const server = http.createServer((q, r) => r.end("own")).listen(0); await once(server, "listening"); const reply = await (await fetch("http://localhost:" + server.address().port)).text(); server.close(); return reply`;
  assert.equal(await run(own, closed), "own");
});

test("datagrams are refused with a reason", async () => {
  const { code } = (await run(
    `const s = dgram.createSocket("udp4"); return new Promise((resolve, reject) => s.send("x", 53, "192.0.2.1", reject))`,
  )) as { code: string };
  assert.equal(code, "ENOTSUP");
});

test("many connections at once, opened and dropped, leave the machine sound", async () => {
  const code = `await Promise.all(Array.from({ length: 100 }, async (_, at) => { const s = net.connect(7, "echo.example"); s.on("error", () => {}); if (at % 3 === 0) { s.destroy(); return } await once(s, "connect"); s.write("x"); if (at % 3 === 1) { s.destroy(); return } await once(s, "data"); s.end(); await once(s, "close"); })); return "sound"`;
  assert.equal(await run(code), "sound");
  assert.equal(await run(code), "sound");
});

/** What plain Node reports for each name, with no network at all. */
const names: [name: string, code: string][] = [
  ["a b", "ENOTFOUND"],
  ["a,b", "ENOTFOUND"],
  ["http://x", "ENOTFOUND"],
  ["a/b", "ENOTFOUND"],
  ["%41", "ENOTFOUND"],
  ["[::1]", "ENOTFOUND"],
  ["a..b", "ENOTFOUND"],
  [".", "ENOTFOUND"],
  ["*.x!", "ENOTFOUND"],
  ["é é.example", "ENOTFOUND"],
  ["x".repeat(64) + ".example", "ENOTFOUND"],
  ["x".repeat(254), "ENOTFOUND"],
  ["x".repeat(300), "EINVAL"],
  ["x".repeat(20_000), "EINVAL"],
  ["\ud800.example", "EINVAL"],
  ["é".repeat(200), "ENOTFOUND"],
  ["é/example", "ENOTFOUND"],
  ["é" + "x".repeat(300), "EINVAL"],
];

test("an invalid name fails with Node's own error, and the machine lives on", async () => {
  for (const [name, code] of names) {
    const text = JSON.stringify(name);
    const expected = { code, message: `getaddrinfo ${code} ${name}` };
    assert.deepEqual(await run(`return dns.promises.lookup(${text})`, real), expected, name);
    assert.deepEqual(await run(`const s = net.connect(80, ${text}); await once(s, "connect")`, real), expected, name);
    const details = (await run(`return new Promise((done) => dns.lookup(${text}, (error) => done({ ...error })))`, real)) as object;
    assert.deepEqual(details, { errno: code === "EINVAL" ? -22 : -3008, code, syscall: "getaddrinfo", hostname: name });
  }
  assert.equal(((await run(`return fetch("http://a,b/")`, real)) as { code: string }).code, "ENOTFOUND");
  assert.equal(await run(`return "it lives"`, real), "it lives");
});

test("an invalid host, port or option fails at once as in Node, and the machine lives on", async () => {
  for (const port of ["-1", "65536", "1.5", "NaN", "Infinity", "''", "'abc'"])
    assert.equal(
      ((await run(`net.connect({ port: ${port}, host: "192.0.2.1" })`, real)) as { code: string }).code,
      "ERR_SOCKET_BAD_PORT",
      port,
    );
  for (const port of ["null", "true", "{}", "10n"])
    assert.equal(
      ((await run(`net.connect({ port: ${port}, host: "192.0.2.1" })`, real)) as { code: string }).code,
      "ERR_INVALID_ARG_TYPE",
      port,
    );
  for (const host of ["1", "{}", "['x']", "true"])
    assert.equal(((await run(`net.connect({ port: 1, host: ${host} })`, real)) as { code: string }).code, "ERR_INVALID_ARG_TYPE", host);
  assert.equal(((await run(`net.connect(1, "a\\0b")`, real)) as { code: string }).code, "ERR_INVALID_ARG_VALUE");
  for (const [call, code] of [
    ["lookup(1)", "ERR_INVALID_ARG_TYPE"],
    ["lookup('x', { family: 9 })", "ERR_INVALID_ARG_VALUE"],
    ["lookup('a\\0b')", "ERR_INVALID_ARG_VALUE"],
    ["resolve4(1)", "ERR_INVALID_ARG_TYPE"],
    ["resolve('x', 'FOO')", "ERR_INVALID_ARG_VALUE"],
    ["resolve('x', 'MX')", "ENOTSUP"],
  ] as const)
    assert.equal(((await run(`return dns.promises.${call}`, real)) as { code: string }).code, code, call);
  assert.equal(((await run(`dns.lookup("x", {})`, real)) as { code: string }).code, "ERR_INVALID_ARG_TYPE");
  // Nobody listens on port 0 anywhere.
  assert.equal(
    ((await run(`const s = net.connect(0, "8.8.8.8"); await once(s, "connect")`, real)) as { code: string }).code,
    "ECONNREFUSED",
  );
  assert.equal(await run(`return "it lives"`, real), "it lives");
});

test("a port given as text, localhost in any case, and util.promisify behave as in Node", async () => {
  assert.equal(
    await run(
      `const s = net.connect("7", "echo.example"); await once(s, "connect"); const { remotePort } = s; s.destroy(); return remotePort`,
    ),
    7,
  );
  const own = `const server = net.createServer((s) => s.end("own")).listen(0, "127.0.0.1"); await once(server, "listening"); const s = net.connect(server.address().port, "LocalHost."); let text = ""; for await (const chunk of s) text += chunk; server.close(); return text`;
  assert.equal(await run(own), "own");
  assert.deepEqual(await run(`return require("node:util").promisify(dns.lookup)("web.example")`), { address: "192.0.2.7", family: 4 });
  assert.deepEqual(await run(`return dns.promises.resolve("web.example", "A")`), ["192.0.2.7", "192.0.2.8"]);
});

test("connections and look-ups that are open when the machine is about to be frozen are reset, at both ends", async (t) => {
  const own = await startAgentProcess({ egress: { connect: reach, resolve: () => new Promise(() => {}) } });
  t.after(() => own.kill());
  const accepted = once(echo, "connection") as Promise<[Socket]>;
  const source = `
const net = require("node:net"), dns = require("node:dns");
const seen = {};
dns.lookup("slow.example", (error) => (seen.lookup = error?.code));
mayfly.registerBeforeSnapshot(() => new Promise((connected) => {
  const socket = net.connect({ host: "192.0.2.7", port: 7 }, () => connected());
  socket.on("error", (error) => (seen.socket = error.code)).on("close", () => (seen.closed = true));
}));
exports.default = { fetch: () => Response.json(seen) };`;
  await own.bind({ main: source }, { egress: true, snapshot: true });
  const [socket] = await accepted;
  if (!socket.destroyed) await once(socket, "close");
  await own.host.resume(Date.now(), Buffer.alloc(64, "clone"), "m-clone", false, { restored: true });
  const { lookup, ...seen } = JSON.parse((await own.call()).text) as Record<string, unknown>;
  assert.deepEqual(seen, { socket: "ECONNRESET", closed: true });
  assert.equal(typeof lookup, "string");
});
