import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { runInThisContext } from "node:vm";
import { MayflyError } from "../../base/errors/error.ts";
import { type RunningAgent, startAgentProcess } from "../testing/running-agent.ts";

// The host's half in this test leads every public address to one real server on this machine's loopback, except those that fail.
const web = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nweb"));
});
const answers = new Map([
  ["two.example", ["192.0.2.8", "2001:db8::7"]],
  ["six.example", ["2001:db8::7"]],
  ["flaky.example", ["192.0.2.66", "192.0.2.7"]],
  ["inside.example", ["127.0.0.1"]],
]);
/** The addresses that the host was asked to connect to. */
const asked: string[] = [];
let agent: RunningAgent;

before(async () => {
  await once(web.listen(0, "127.0.0.1"), "listening");
  agent = await startAgentProcess({ egress: { connect: reach, resolve: find } });
  await agent.bind({ main }, { egress: true });
});
after(async () => {
  await agent.kill();
  web.close();
});

async function reach(host: string, port: number, _gone: AbortSignal, name?: string): Promise<Socket> {
  asked.push(`${host} ${port} ${name ?? "-"}`);
  if (host === "192.0.2.66") throw new Error("connect EHOSTUNREACH");
  if (host === "192.0.2.99") throw new MayflyError("egress-denied", { address: host, reason: "it is a test's" });
  if (host === "192.0.2.100") return new Promise(() => {});
  const socket = connect((web.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function find(host: string, family: 0 | 4 | 6): Promise<{ address: string; family: 4 | 6 }[]> {
  if (host === "silent.example") return new Promise(() => {});
  const all = answers.get(host) ?? ["192.0.2.7"];
  const found = all.map((address) => ({ address, family: address.includes(":") ? (6 as const) : (4 as const) }));
  return Promise.resolve(found.filter((each) => family === 0 || each.family === family));
}

const prelude = `const net = require("node:net"), http = require("node:http"), https = require("node:https"), tls = require("node:tls"), dns = require("node:dns"), { once } = require("node:events");`;
const main = `${prelude}
exports.default = { async fetch(request) { return Response.json(await tried(decodeURIComponent(new URL(request.url).search.slice(1))) ?? null) } };
async function tried(code) {
  try { return await eval("(async () => {" + code + "})()") } catch (error) { const e = error.cause ?? error; return { code: e.code, message: e.message } }
}`;

async function run(code: string): Promise<unknown> {
  const reply = await agent.call({ url: `http://x/?${encodeURIComponent(code)}` });
  assert.equal(reply.reset, null);
  return JSON.parse(reply.text) as unknown;
}

/** Runs the code in this process, which is plain Node. */
async function inNode(code: string): Promise<unknown> {
  const require = createRequire(import.meta.url);
  const tried = runInThisContext(`(require) => { ${prelude} return ${main.slice(main.indexOf("async function tried"))} }`) as (
    given: typeof require,
  ) => (code: string) => Promise<unknown>;
  return JSON.parse(JSON.stringify((await tried(require)(code)) ?? null)) as unknown;
}

const get = (url: string, options: string, of = "http") =>
  `const request = ${of}.get(${JSON.stringify(url)}, ${options}); const [response] = await once(request, "response"); response.resume(); return response.statusCode`;

describe("a function's own look-up", () => {
  for (const [what, code] of [
    [
      "net",
      `const s = net.connect({ port: 80, host: "web.example", lookup }); s.end("x"); for await (const _ of s); return s.remoteAddress ?? "closed"`,
    ],
    ["http", get("http://web.example/", "{ lookup }")],
    ["http.Agent", get("http://web.example/", "{ agent: new http.Agent({ lookup }) }")],
  ] as const)
    test(what, async () => {
      asked.length = 0;
      await run(
        `const lookup = (name, options, done) => options.all ? done(null, [{ address: "198.51.100.1", family: 4 }]) : done(null, "198.51.100.1", 4); ${code}`,
      );
      assert.deepEqual(asked, ["198.51.100.1 80 web.example"]);
    });

  test("decides where a connection goes if it replaces dns.lookup", async () => {
    asked.length = 0;
    const code = `const native = dns.lookup; dns.lookup = (name, options, done) => done(null, [{ address: "198.51.100.2", family: 4 }]); try { return await (async () => { ${get("http://web.example/", "{}")} })() } finally { dns.lookup = native }`;
    assert.equal(await run(code), 200);
    assert.deepEqual(asked, ["198.51.100.2 80 web.example"]);
  });

  test("filters that listen for `lookup` see every address before anything is connected, and may end it", async () => {
    asked.length = 0;
    const code = (of: string, url: string) =>
      `const seen = []; const request = ${of}.get("${url}"); request.on("socket", (s) => s.on("lookup", (error, address, family, host) => { seen.push([error, address, family, host]); s.destroy(new Error("filtered")) })); const [error] = await once(request, "error"); return [seen, error.message]`;
    const seen = [[[null, "192.0.2.8", 4, "two.example"]], "filtered"];
    assert.deepEqual(
      await run(
        `process.once("uncaughtException", () => {}); ${code("http", "http://two.example/")}`
          .replace(/^process.*?; /, "")
          .replace("once(request", "require('node:events').once(request"),
      ),
      seen,
    );
    assert.deepEqual(await run(code("https", "https://two.example/")), seen);
    assert.deepEqual(asked, []);
  });
});

test("look-ups, addresses and options behave as in plain Node, also when they fail", async () => {
  const port = (web.address() as AddressInfo).port;
  const connecting = (options: string) =>
    `const events = []; const s = net.connect({ port: ${port}, host: "name.example", ${options} }); for (const name of ["lookup", "connectionAttempt", "connect"]) s.on(name, (...of) => events.push([name, ...of])); try { await once(s, "ready"); events.push(s.remoteAddress, s.remotePort, s.remoteFamily) } catch (e) { events.push([e.code, e.message, e.errors?.length]) } s.destroy(); return [events, s.autoSelectFamilyAttemptedAddresses]`;
  const one = (address: string) => `lookup: (n, o, done) => done(null, o.all ? [{ address: ${address}, family: 4 }] : ${address}, 4)`;
  const cases = [
    connecting(one('"127.0.0.1"')),
    connecting(`${one('"127.0.0.1"')}, autoSelectFamily: false`),
    connecting(one('"nonsense"')),
    connecting(one("7")),
    connecting(`lookup: (n, o, done) => done(null, [])`),
    connecting(`lookup: (n, o, done) => done(null, [{ address: "127.0.0.1", family: 9 }])`),
    connecting(`lookup: (n, o, done) => done(null, "127.0.0.1", 9), autoSelectFamily: false`),
    connecting(`lookup: (n, o, done) => done(Object.assign(new Error("mine"), { code: "EMINE" }))`),
    connecting(`lookup: (n, o, done) => done(null, [{ address: "127.0.0.2", family: 4 }, { address: "127.0.0.1", family: 4 }])`),
    connecting(`family: 4, lookup: (n, o, done) => { events.push(o); done(null, "127.0.0.1", 4) }`),
    connecting(`hints: dns.ALL, family: 6, lookup: (n, o, done) => { events.push(o); done(new Error("x")) }`),
    connecting(`lookup: (n, o, done) => { events.push(o); done(new Error("x")) }`),
    connecting(
      `${one('"127.0.0.1"')}, blockList: (() => { const list = new net.BlockList(); list.addAddress("127.0.0.1"); return list })()`,
    ),
    `net.connect({ port: 1, host: "x.example", lookup: 7 })`,
    `net.connect({ port: 1, host: "x.example", autoSelectFamily: 7 })`,
    `net.connect({ port: 1, host: "x.example", autoSelectFamilyAttemptTimeout: "x" })`,
    `net.connect({ port: 1, host: "x.example", localAddress: "x" })`,
    `net.connect({ port: 1, host: "x.example", localPort: "x" })`,
    `net.connect({ port: 1, host: "192.0.2.1", signal: 7 })`,
    `const s = net.connect({ port: 1, host: "192.0.2.1", signal: AbortSignal.abort() }); await once(s, "connect")`,
    `const s = net.connect({ port: 1, host: "192.0.2.1" }); s.destroy(new Error("mine")); await once(s, "connect")`,
    `return net.connect({ port: 1, host: "192.0.2.1" }).on("error", () => {}).destroy().remoteAddress`,
    `dns.promises.lookup("127.0.0.1", { order: "x" })`,
    `new dns.Resolver({ timeout: "x" })`,
    `dns.setServers(["x"])`,
    `new dns.Resolver().setServers(7)`,
    `dns.resolve4("x.example")`,
    `dns.lookupService("x", 1, () => {})`,
    `return dns.promises.lookupService("127.0.0.1", 99999)`,
    `return [new dns.Resolver() instanceof dns.Resolver, dns.Resolver.name, new dns.promises.Resolver().constructor.name, dns.Resolver === dns.promises.Resolver]`,
    `return ["::ffff:7f00:1", "0:0:0:0:0:0:0:1", "::1"].map((host) => net.isIP(host))`,
  ];
  for (const code of cases) assert.deepEqual(await run(code), await inNode(code), code);
});

test("a name's addresses are tried in turn, and the socket has the one that answered", async () => {
  asked.length = 0;
  const code = `const s = net.connect(80, "flaky.example"); await once(s, "connect"); const told = [s.remoteAddress, s.remotePort, s.remoteFamily, s.autoSelectFamilyAttemptedAddresses]; s.destroy(); return told`;
  assert.deepEqual(await run(code), ["192.0.2.7", 80, "IPv4", ["192.0.2.66:80", "192.0.2.7:80"]]);
  assert.deepEqual(asked, ["192.0.2.66 80 flaky.example", "192.0.2.7 80 flaky.example"]);
  const all = `const s = net.connect({ port: 80, host: "x.example", lookup: (n, o, done) => done(null, [{ address: "192.0.2.66", family: 4 }, { address: "192.0.2.99", family: 4 }]) }); try { await once(s, "connect") } catch (error) { return [error.name, error.code, error.errors.map((each) => each.message)] }`;
  const [name, error, messages] = (await run(all)) as [string, string, string[]];
  assert.deepEqual([name, error], ["AggregateError", "EHOSTUNREACH"]);
  assert.match(messages[0]!, /^connect EHOSTUNREACH 192\.0\.2\.66:80/);
  assert.match(messages[1]!, /^connect EACCES 192\.0\.2\.99:80: .*it is a test's/);
});

test("the addresses of a name are tried under TLS, too, each with the name as the server's", async () => {
  asked.length = 0;
  const { code } = (await run(`const s = tls.connect(443, "flaky.example"); await once(s, "secureConnect")`)) as { code: string };
  assert.notEqual(code, "EHOSTUNREACH");
  assert.deepEqual(asked, ["192.0.2.66 443 flaky.example", "192.0.2.7 443 flaky.example"]);
});

test("the family that is asked for is the one that is connected to", async () => {
  asked.length = 0;
  assert.equal(await run(get("http://two.example/", "{ family: 6 }")), 200);
  assert.equal(await run(get("http://two.example/", "{ family: 4 }")), 200);
  assert.deepEqual(asked, ["2001:db8::7 80 two.example", "192.0.2.8 80 two.example"]);
  assert.deepEqual(
    await run(`return (await dns.promises.lookup("two.example", { all: true, order: "ipv6first" })).map((each) => each.family)`),
    [6, 4],
  );
  assert.deepEqual(
    await run(`return (await dns.promises.lookup("two.example", { all: true, verbatim: true })).map((each) => each.family)`),
    [4, 6],
  );
  assert.deepEqual(await run(`return dns.promises.lookup("web.example", { family: 6, hints: dns.V4MAPPED })`), {
    address: "::ffff:192.0.2.7",
    family: 6,
  });
});

test("a name that only the host has for itself leads to the host, not to the machine", async () => {
  asked.length = 0;
  assert.equal(await run(get("http://inside.example/", "{}")), 200);
  assert.deepEqual(asked, ["127.0.0.1 80 inside.example"]);
});

test("what cannot be chosen in a machine is refused with a reason", async () => {
  for (const [code, error, reason] of [
    [
      `await once(net.connect({ port: 80, host: "192.0.2.7", localAddress: "127.0.0.1" }), "connect")`,
      "EADDRNOTAVAIL",
      /the host makes the connection: localAddress/,
    ],
    [
      `await once(net.connect({ port: 80, host: "web.example", localPort: 45_677 }), "connect")`,
      "EADDRNOTAVAIL",
      /localPort cannot be chosen/,
    ],
    [
      `await once(net.connect({ port: 80, host: "192.0.2.7", typeOfService: 8 }).on("connect", () => {}), "close")`,
      "ENOTSUP",
      /setTypeOfService/,
    ],
    [`dns.setServers(["192.0.2.1"])`, "ENOTSUP", /looked up by the host, with its name servers/],
    [`new dns.promises.Resolver().setServers(["192.0.2.1"])`, "ENOTSUP", /by the host/],
    [`new dns.Resolver().setLocalAddress("127.0.0.1")`, "ENOTSUP", /by the host/],
    [`return dns.promises.lookupService("192.0.2.1", 80)`, "ENOTSUP", /only addresses/],
    [`return new Promise((_, no) => dns.lookupService("192.0.2.1", 80, no))`, "ENOTSUP", /only addresses/],
    [`return dns.promises.resolveSrv("_a._tcp.example")`, "ENOTSUP", /only addresses/],
  ] as const) {
    const told = (await run(code)) as { code: string; message: string };
    assert.equal(told?.code, error, code);
    assert.match(told.message, reason, code);
  }
});

test("a resolver's time-out and cancel() end queries that nobody answers", async () => {
  const ended = (way: string) =>
    run(
      `const resolver = new dns.${way}; const asked = resolver.resolve4.length >= 0 && new Promise((yes, no) => { const p = resolver.resolve4("silent.example", no); p?.catch(no) }); setImmediate(() => resolver.cancel()); return asked`,
    );
  const cancelled = { code: "ECANCELLED", message: "queryA ECANCELLED silent.example" };
  assert.deepEqual(await ended("Resolver()"), cancelled);
  assert.deepEqual(await ended("promises.Resolver()"), cancelled);
  assert.deepEqual(await run(`return new dns.promises.Resolver({ timeout: 20, tries: 2 }).resolve4("silent.example")`), {
    code: "ETIMEOUT",
    message: "queryA ETIMEOUT silent.example",
  });
});

test("a connection attempt that the function gives up, also by its signal or time-out, is taken back from the host", async () => {
  assert.deepEqual(
    await run(
      `const s = net.connect({ port: 80, host: "192.0.2.100", timeout: 20 }); await once(s, "timeout"); s.destroy(); await once(s, "close"); return [s.connecting, s.destroyed]`,
    ),
    [false, true],
  );
  const aborted = (await run(
    `const stop = new AbortController(); const s = net.connect({ port: 80, host: "192.0.2.100", signal: stop.signal }); setTimeout(() => stop.abort(), 20); await once(s, "connect")`,
  )) as { code: number };
  assert.equal(aborted.code, DOMException.ABORT_ERR);
  const late = `const s = net.connect({ port: 80, host: "x.example", autoSelectFamilyAttemptTimeout: 20, lookup: (n, o, done) => done(null, [{ address: "192.0.2.100", family: 4 }, { address: "192.0.2.7", family: 4 }]) }); await once(s, "connect"); const told = s.remoteAddress; s.destroy(); return told`;
  assert.equal(await run(late), "192.0.2.7");
  assert.equal(await run(`return "it lives"`), "it lives");
});
