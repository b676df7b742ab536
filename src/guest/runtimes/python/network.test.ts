/**
 * Python's own sockets, and what is built on them, over the host's half: through frames, with real servers on this host. The file is long because all tests share these servers.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { MayflyError } from "../../../base/errors/error.ts";
import { certificate } from "../../../doors/http/test-certificate.ts";
import { createEgress } from "../../../egress/create-egress.ts";
import { ownNetwork } from "../../conformance/testing/own-network.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const web = createHttpServer((request, response) => {
  if (request.url === "/large") response.end(Buffer.alloc(2_000_000, "abc"));
  else request.pipe(response);
});
/** Echoes what it gets, and sends a goodbye after the other half has ended. */
const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.pipe(socket, { end: false });
  socket.on("end", () => socket.end("bye"));
  socket.on("error", () => socket.destroy());
});
const secure = createTlsServer(certificate, (socket) => void socket.on("error", () => {}).pipe(socket));
/** The destinations of port 9, which say nothing by themselves. */
const quiet: Socket[] = [];
const silent = createServer((socket) => void quiet.push(socket.on("error", () => {})));
/** Connections that the host is asked for and never makes, and how many of them were given up. */
let given = 0;
/** The host connects to one address only when it is told to. */
let openGate = () => {};

async function reach(host: string, port: number, gone: AbortSignal, name?: string): Promise<Socket> {
  if (name === "denied.example") throw new MayflyError("egress-denied", { address: name, reason: "it is a test's" });
  if (name === "dead.example") throw Object.assign(new Error("nobody listens"), { code: "ECONNREFUSED" });
  if (name === "slow.example") throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
  if (host === "192.0.2.66") return once(gone, "abort").then(() => Promise.reject(new Error(`${++given} given up`)));
  if (host === "192.0.2.40") await new Promise<void>((open) => (openGate = open));
  const server = port === 7 ? echo : port === 9 ? silent : port === 443 ? secure : web;
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

async function find(host: string, family: number): Promise<{ address: string; family: 4 | 6 }[]> {
  if (host === "six.example") return [{ address: "2001:db8::7", family: 6 }];
  if (host === "own.example") return [{ address: "127.0.0.1", family: 4 }];
  if (host.endsWith("unknown.example")) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
  if (host === "later.example") throw Object.assign(new Error("no server"), { code: "EAI_AGAIN" });
  if (family === 6) throw Object.assign(new Error("no such address"), { code: "ENOTFOUND" });
  return [
    { address: "192.0.2.7", family: 4 },
    { address: "192.0.2.8", family: 4 },
  ];
}

const functions = {
  main: `
import asyncio, errno, http.client, select, socket, ssl, threading, time, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor
def read(s):
    return b"".join(iter(lambda: s.recv(65536), b"")).decode()
def outcome(call, *args):
    try:
        return call(*args)
    except OSError as error:
        return [type(error).__name__, error.errno, str(error)]
def handler(event, context):
    names = dict(globals())
    exec("def code():\\n" + "\\n".join("    " + line for line in event["code"].split("\\n")), names)
    return names["code"]()`,
  coroutine: `
import asyncio, socket
async def handler(event, context):
    names = dict(globals())
    exec("async def code():\\n" + "\\n".join("    " + line for line in event["code"].split("\\n")), names)
    return await names["code"]()`,
};

before(async () => {
  for (const server of [web, echo, silent, secure]) await once(server.listen(0, "127.0.0.1"), "listening");
});
after(() => {
  for (const server of [web, echo, silent, secure]) server.close();
  web.closeAllConnections();
  for (const socket of quiet) socket.destroy();
});

for (const suite of ["bookworm", "trixie"] as const)
  describe(`the network of Python in ${suite}`, () => {
    let agent: RunningAgent;
    let closed: RunningAgent;
    /** An agent whose host's half is as in production, except that it does not require public addresses, of which there may be none. */
    let real: RunningAgent;
    before(async () => {
      const start = pythonAgent({ suite });
      agent = await startAgentProcess({ start, egress: { connect: reach, resolve: find } });
      await bindPython(agent, functions, "handler", { egress: true });
      closed = await startAgentProcess({ start });
      await bindPython(closed, functions);
      const egress = createEgress({ allow: [] });
      real = await startAgentProcess({
        start,
        egress: {
          connect: (host, port, gone) => egress.connect(host, port, gone),
          resolve: (host, family) => egress.resolve(host, family),
        },
      });
      await bindPython(real, functions, "handler", { egress: true });
    });
    after(() => Promise.all([agent, closed, real].map((each) => each.kill())));

    async function run(code: string, where = agent, name: keyof typeof functions = "main"): Promise<unknown> {
      const reply = await where.call({ function: name, input: { kind: "event" }, body: JSON.stringify({ code }), remainingMs: 120_000 });
      assert.equal(reply.reset, null, `${JSON.stringify(reply.reset)} ${where.logs.map(({ text }) => text).join("\n")}`);
      assert.equal(reply.status, 200, reply.text);
      return JSON.parse(reply.text) as unknown;
    }

    test("sockets, http.client, urllib and asyncio reach a destination through the host", async () => {
      const said = `s = socket.create_connection(("echo.example", 7))\nhow = [s.getpeername(), s.gettimeout(), s.getblocking()]\ns.sendall(b"hello,")\ns.shutdown(socket.SHUT_WR)\nreturn [read(s), *how]`;
      assert.deepEqual(await run(said), ["hello,bye", ["192.0.2.7", 7], null, true]);
      const plain = `s = socket.socket()\nfd = s.fileno()\ns.settimeout(60)\ns.connect(("192.0.2.9", 7))\ns.sendall(b"by address,")\ns.shutdown(1)\nreturn [read(s), s.fileno() == fd, s.gettimeout()]`;
      assert.deepEqual(await run(plain), ["by address,bye", true, 60]);
      const named = `s = socket.socket()\nresult = s.connect_ex(("echo.example", 7))\ns.shutdown(1)\nreturn [result, read(s), s.connect_ex(("192.0.2.9", 7)) == errno.EISCONN]`;
      assert.deepEqual(await run(named), [0, "bye", true]);
      assert.equal(
        await run(
          `c = http.client.HTTPConnection("web.example")\nc.request("POST", "/", b"by http.client")\nreturn c.getresponse().read().decode()`,
        ),
        "by http.client",
      );
      assert.equal(await run(`return urllib.request.urlopen("http://web.example/", b"by urllib").read().decode()`), "by urllib");
      const streams = `r, w = await asyncio.open_connection("echo.example", 7)\nw.write(b"by asyncio,")\nw.write_eof()\nreturn [(await r.read()).decode(), w.get_extra_info("peername")]`;
      assert.deepEqual(await run(streams, agent, "coroutine"), ["by asyncio,bye", ["192.0.2.7", 7]]);
      const loop = `s = socket.socket()\ns.setblocking(False)\nloop = asyncio.get_running_loop()\nawait loop.sock_connect(s, ("echo.example", 7))\nawait loop.sock_sendall(s, b"x")\nreturn (await loop.sock_recv(s, 9)).decode()`;
      assert.equal(await run(loop, agent, "coroutine"), "x");
    });

    test("a socket of IPv6 is connected, and tells its peer", async () => {
      const code = `s = socket.create_connection(("six.example", 7))\npeer = s.getpeername()\ns.shutdown(1)\nreturn [read(s), s.family, peer]`;
      assert.deepEqual(await run(code), ["bye", 10, ["2001:db8::7", 7, 0, 0]]);
    });

    test("a socket that does not block is writable when the host has connected, and not before", async () => {
      const code = `s = socket.socket()
s.setblocking(False)
results = [s.connect_ex(("192.0.2.40", 7)) == errno.EINPROGRESS, s.connect_ex(("192.0.2.40", 7)) == errno.EALREADY]
results += [outcome(s.getpeername)[1] == errno.ENOTCONN, select.select([], [s], [], 0.3)[1] == [], s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
print("pending")
select.select([], [s], [])
results += [s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), s.getpeername(), s.getblocking()]
s.setblocking(True)
data = bytes(range(256)) * 8_000
threading.Thread(target=lambda: (s.sendall(data), s.shutdown(1))).start()
return [*results, b"".join(iter(lambda: s.recv(65536), b"")) == data + b"bye"]`;
      const result = run(code);
      agent.logs.length = 0;
      await agent.logged("pending");
      openGate();
      assert.deepEqual(await result, [true, true, true, true, 0, 0, ["192.0.2.40", 7], false, true]);
    });

    test("a socket that can be written to too early tells how its connection has ended all the same", async () => {
      const code = `results = []
for ask in (lambda s: s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), lambda s: s.getpeername(), lambda s: s.connect_ex(("192.0.2.40", 7))):
    s = socket.socket()
    s.setblocking(False)
    begun = s.connect_ex(("192.0.2.40", 7)) == errno.EINPROGRESS
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
    select.select([], [s], [])
    print("too early")
    answer = ask(s)
    # Before both ends are closed: the kernel knows no peer of a connection that is over.
    peer = s.getpeername()
    s.send(b"hello")
    s.shutdown(1)
    s.setblocking(True)
    results.append([begun, answer, peer, read(s)])
return results`;
      const result = run(code);
      for (let time = 0; time < 3; time++) {
        agent.logs.length = 0;
        await agent.logged("too early");
        openGate();
      }
      const peer = ["192.0.2.40", 7];
      const ends = [peer, "hellobye"];
      assert.deepEqual(await result, [
        [true, 0, ...ends],
        [true, peer, ...ends],
        [true, 0, ...ends],
      ]);
    });

    test("a socket that does not block tells how its connection has failed", async () => {
      const code = `s = socket.socket()
s.setblocking(False)
dead = socket.getaddrinfo("dead.example", 80, type=socket.SOCK_STREAM)[0][4]
first = s.connect_ex(dead)
select.select([], [s], [])
told = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
t = socket.socket()
t.setblocking(False)
t.connect_ex(dead)
select.select([], [t], [])
return [first == errno.EINPROGRESS, told, outcome(t.connect, dead), s.connect_ex(("192.0.2.7", 7)) == errno.EINPROGRESS]`;
      const refused = ["ConnectionRefusedError", 111, "[Errno 111] Connection refused: nobody listens"];
      assert.deepEqual(await run(code), [true, 111, refused, true]);
    });

    test("TLS is between the function and the destination, by sockets and by asyncio", async () => {
      const context = `c = ssl.create_default_context(cadata=${JSON.stringify(certificate.cert)})\n`;
      const wrapped = `s = c.wrap_socket(socket.create_connection(("secure.example", 443)), server_hostname="localhost")\ns.sendall(b"a")\n`;
      const connected = `t = c.wrap_socket(socket.socket(), server_hostname="localhost")\nt.connect(("192.0.2.7", 443))\nt.sendall(b"b")\n`;
      const code = `${context}${wrapped}${connected}return [s.recv(9).decode(), s.getpeername(), t.recv(9).decode(), t.getpeername()]`;
      assert.deepEqual(await run(code), ["a", ["192.0.2.7", 443], "b", ["192.0.2.7", 443]]);
      const loop = `import ssl\n${context}r, w = await asyncio.open_connection("secure.example", 443, ssl=c, server_hostname="localhost")\nw.write(b"c")\ntext = await r.read(1)\nw.close()\nreturn text.decode()`;
      assert.equal(await run(loop, agent, "coroutine"), "c");
      const stranger = `try:\n    ssl.create_default_context().wrap_socket(socket.create_connection(("secure.example", 443)), server_hostname="localhost")\nexcept ssl.SSLCertVerificationError:\n    return "not trusted"`;
      assert.equal(await run(stranger), "not trusted");
    });

    test("large bodies come and go under credit", async () => {
      assert.equal(await run(`return len(urllib.request.urlopen("http://web.example/large").read())`), 2_000_000);
      const both = `s = socket.create_connection(("echo.example", 7))
data = bytes(range(256)) * 40_000
threading.Thread(target=lambda: (s.sendall(data), s.shutdown(1))).start()
back = b"".join(iter(lambda: s.recv(65536), b""))
return [len(back), back == data + b"bye"]`;
      assert.deepEqual(await run(both), [10_240_003, true]);
    });

    test("a slow reader and a slow destination hold back only their own connection", async () => {
      const code = `slow = socket.create_connection(("web.example", 80))
slow.sendall(b"GET /large HTTP/1.0\\r\\n\\r\\n")
full = socket.create_connection(("silent.example", 9))
full.setblocking(False)
try:
    while True:
        full.send(bytes(65536))
except BlockingIOError:
    pass
quick = socket.create_connection(("echo.example", 7))
quick.sendall(b"quick,")
quick.shutdown(1)
text = read(quick)
full.close()
return [text, len(read(slow)) > 2_000_000]`;
      assert.deepEqual(await run(code), ["quick,bye", true]);
    });

    test("200 connections at once, in threads and on an event loop", async () => {
      const threads = `def one(at):
    s = socket.create_connection(("192.0.2.7", 7))
    if at % 3 == 0:
        s.close()
        return ""
    s.sendall(b"x%d," % at)
    s.shutdown(1)
    return read(s)
with ThreadPoolExecutor(200) as pool:
    return [text == ("" if at % 3 == 0 else f"x{at},bye") for at, text in enumerate(pool.map(one, range(200)))].count(True)`;
      assert.equal(await run(threads), 200);
      const loop = `open_at_once = asyncio.Barrier(200)
async def one(at):
    r, w = await asyncio.open_connection("192.0.2.7", 7)
    await open_at_once.wait()
    w.write(b"x%d," % at)
    w.write_eof()
    text = await r.read()
    w.close()
    return text.decode() == f"x{at},bye"
return (await asyncio.gather(*map(one, range(200)))).count(True)`;
      assert.equal(await run(loop, agent, "coroutine"), 200);
    });

    test("what the host refuses fails as Python's own errors, with the host's reason", async () => {
      const to = (name: string) => run(`return outcome(socket.create_connection, ("${name}", 80))`) as Promise<[string, number, string]>;
      const denied = await to("denied.example");
      assert.deepEqual(denied.slice(0, 2), ["PermissionError", 13]);
      assert.match(denied[2], /Permission denied: .*denied\.example.*it is a test's/);
      assert.deepEqual(await to("dead.example"), ["ConnectionRefusedError", 111, "[Errno 111] Connection refused: nobody listens"]);
      assert.deepEqual((await to("slow.example")).slice(0, 2), ["TimeoutError", 110]);
      assert.deepEqual((await to("unknown.example")).slice(0, 2), ["gaierror", -2]);
      assert.deepEqual((await to("later.example")).slice(0, 2), ["gaierror", -3]);
      assert.equal(
        await run(`s = socket.socket()\nreturn s.connect_ex(socket.getaddrinfo("dead.example", 80, type=socket.SOCK_STREAM)[0][4])`),
        111,
      );
      const loop = `try:\n    await asyncio.open_connection("dead.example", 80)\nexcept ConnectionRefusedError as error:\n    return str(error)`;
      assert.match((await run(loop, agent, "coroutine")) as string, /nobody listens/);
    });

    test("a connection that is given up, by a timeout or a cancelled task, is given up by the host", async () => {
      const timed = `s = socket.socket()\ns.settimeout(0.05)\nfirst = outcome(s.connect, ("192.0.2.66", 80))\nreturn [first[0], s.connect_ex(("192.0.2.66", 80)) == errno.EAGAIN]`;
      const before = given;
      assert.deepEqual(await run(timed), ["TimeoutError", true]);
      const cancelled = `try:\n    await asyncio.wait_for(asyncio.open_connection("192.0.2.66", 80), 0.05)\nexcept TimeoutError:\n    return "cancelled"`;
      assert.equal(await run(cancelled, agent, "coroutine"), "cancelled");
      assert.equal(await run(`return "sound"`), "sound");
      assert.equal(given - before, 3);
    });

    test("a connection that the destination cuts fails in the function, and one that the function drops ends there", async () => {
      const count = quiet.length;
      const code = `s = socket.create_connection(("silent.example", 9))\nprint("connected")\nreturn outcome(s.recv, 9)[0]`;
      const lines = agent.logs.length;
      const result = run(code);
      while (quiet.length === count || agent.logs.length === lines) await new Promise((done) => setTimeout(done, 5));
      quiet.at(-1)!.resetAndDestroy();
      assert.equal(await result, "ConnectionResetError");
      await run(`s = socket.create_connection(("silent.example", 9))\ns.close()`);
      const last = quiet.at(-1)!.resume();
      if (!last.closed) await once(last, "close");
    });

    test("names are looked up by the host, in the forms of Python", async () => {
      assert.equal(await run(`return socket.gethostbyname("web.example")`), "192.0.2.7");
      assert.deepEqual(await run(`return socket.gethostbyname_ex("web.example")`), ["web.example", [], ["192.0.2.7", "192.0.2.8"]]);
      const all = `return [[i[0], i[1], i[3], *i[4]] for i in socket.getaddrinfo("web.example", "80", type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)]`;
      assert.deepEqual(await run(all), [
        [2, 1, "web.example", "192.0.2.7", 80],
        [2, 1, "", "192.0.2.8", 80],
      ]);
      const mapped = `return socket.getaddrinfo("web.example", 80, socket.AF_INET6, socket.SOCK_STREAM, 0, socket.AI_V4MAPPED)[0][4]`;
      assert.deepEqual(await run(mapped), ["::ffff:192.0.2.7", 80, 0, 0]);
      assert.equal(
        await run(`return (await asyncio.get_running_loop().getaddrinfo("web.example", 80))[0][4][0]`, agent, "coroutine"),
        "192.0.2.7",
      );
      assert.deepEqual(await run(`return [socket.gethostbyname(n) for n in ("localhost", "a.LocalHost.", "127.0.0.5", "10.1.2.3")]`), [
        "127.0.0.1",
        "127.0.0.1",
        "127.0.0.5",
        "10.1.2.3",
      ]);
    });

    test("a name of the host's own leads to the host, and the same address by itself to the machine", async () => {
      assert.equal(await run(`s = socket.create_connection(("own.example", 7))\ns.shutdown(1)\nreturn read(s)`), "bye");
      assert.equal(((await run(`return outcome(socket.create_connection, ("127.0.0.1", 7))`)) as string[])[0], "ConnectionRefusedError");
    });

    test("without egress everything fails at once with the reason, and the machine itself can be reached", async () => {
      for (const code of [
        `return outcome(socket.create_connection, ("web.example", 80))`,
        `return outcome(socket.socket().connect, ("192.0.2.7", 80))`,
        `return outcome(socket.gethostbyname, "web.example")`,
        `try:\n    urllib.request.urlopen("http://web.example/")\nexcept urllib.error.URLError as error:\n    return [type(error.reason).__name__, error.reason.errno, str(error)]`,
      ]) {
        const [name, number, text] = (await run(code, closed)) as [string, number, string];
        assert.deepEqual([name, number], ["PermissionError", 13]);
        assert.match(text, /this app has no network: set "network": "egress" in mayfly\.json/);
      }
      const own = (family: string) =>
        `l = socket.create_server(("", 0)${family})\ns = socket.create_connection(("localhost", l.getsockname()[1]))\na, _ = l.accept()\na.sendall(b"own")\na.close()\nreturn [read(s), s.getpeername()[0]]`;
      assert.deepEqual(await run(own(""), closed), ["own", "127.0.0.1"]);
      const coroutine = `server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)\nr, w = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])\nreturn (await r.read()).decode()`;
      assert.equal(await run(coroutine, closed, "coroutine"), "");
    });

    test("datagrams and an address to come from are refused with a reason, datagrams inside of the machine are not", async () => {
      for (const code of [
        `return outcome(socket.socket(type=socket.SOCK_DGRAM).connect, ("192.0.2.1", 53))`,
        `return outcome(socket.socket(type=socket.SOCK_DGRAM).sendto, b"x", ("192.0.2.1", 53))`,
        `return outcome(socket.socket(type=socket.SOCK_DGRAM).sendmsg, [b"x"], [], 0, ("192.0.2.1", 53))`,
      ])
        assert.deepEqual(await run(code), ["OSError", 95, "[Errno 95] Operation not supported: there is no UDP from inside a machine"]);
      const own = `a, b = (socket.socket(type=socket.SOCK_DGRAM) for _ in "ab")\nb.bind(("127.0.0.1", 0))\na.sendto(b"own", b.getsockname())\na.sendmsg([b"er"], (), 0, b.getsockname())\nreturn [b.recv(9).decode(), b.recv(9).decode()]`;
      assert.deepEqual(await run(own), ["own", "er"]);
    });

    test("an invalid name or port fails as in Python, and the machine lives on", async () => {
      const code = (name: string) =>
        `try:\n    socket.getaddrinfo(${name}, 80)\nexcept (OSError, UnicodeError) as error:\n    return type(error).__name__`;
      for (const name of ['"a b"', '"a,b"', '"http://x"', '"%41"', '"[::1]"', '"*.x!"', '"a."*20_000', '"a."*125 + "abcdef"'])
        assert.equal(await run(code(name), real), "gaierror", name);
      for (const name of ['"a..b"', '"x" * 64 + ".example"', '"\\ud800"'])
        assert.match((await run(code(name), real)) as string, /^Unicode(Encode)?Error$/, name);
      const wrong = `result = []
for address in (("192.0.2.1", -1), ("192.0.2.1", 65536), ("web.example", "80"), ("web.example",), "web.example", None, (1, 2)):
    try:
        socket.socket().connect(address)
    except Exception as error:
        result.append(type(error).__name__)
return result`;
      assert.deepEqual(await run(wrong, real), ["OverflowError", "OverflowError", ...Array.from({ length: 5 }, () => "TypeError")]);
      // Nobody listens on port 0 anywhere.
      assert.equal(((await run(`return outcome(socket.socket().connect, ("8.8.8.8", 0))`, real)) as string[])[0], "ConnectionRefusedError");
    });

    test("code may connect while it is loaded ahead of its first call", async () => {
      const one = await startAgentProcess({ start: pythonAgent({ suite }), egress: { connect: reach, resolve: find } });
      const code = `import socket\ns = socket.create_connection(("echo.example", 7))\ns.shutdown(1)\nsaid = s.recv(9).decode()\ndef handler(event, context):\n    return said`;
      await bindPython(one, { main: code }, "handler", { egress: true, preload: "main" });
      assert.equal((await one.call({ input: { kind: "event" } })).text, '"bye"');
      await one.kill();
    });

    test("a connection that is reset is so although a forked process lives", async () => {
      const code = `import os, signal, time
s = socket.create_connection(("echo.example", 9))
s.settimeout(60)
pid = os.fork()
if pid == 0:
    time.sleep(120)
    os._exit(0)
print("a child lives")
try:
    return outcome(s.recv, 1)[0]
finally:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)`;
      const count = quiet.length;
      const done = run(code);
      await agent.logged("a child lives");
      while (quiet.length === count) await new Promise((look) => setTimeout(look, 5));
      quiet.at(-1)!.resetAndDestroy();
      assert.equal(await done, "ConnectionResetError");
    });

    test("a forked process has no network, and leaves that of its parent alone", async () => {
      const code = `import os
s = socket.create_connection(("echo.example", 7))
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(w, str(outcome(socket.create_connection, ("192.0.2.7", 7))[2]).encode())
    os._exit(0)
os.waitpid(pid, 0)
s.shutdown(1)
return [os.read(r, 999).decode(), read(s)]`;
      assert.deepEqual(await run(code), [
        "[Errno 13] Permission denied: a forked process has no network; only the process that serves calls has",
        "bye",
      ]);
    });
  });

test("in a network of its own, where the kernel leads connections to the agent, forked processes have that", async () => {
  const start = pythonAgent({ suite: "bookworm", inNetwork: await ownNetwork(4) });
  const one = await startAgentProcess({ start, egress: { connect: reach, resolve: find } });
  const code = `import asyncio, os, socket
def handler(event, context):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        s = socket.create_connection(("192.0.2.7", 7))
        s.shutdown(1)
        async def by_loop():
            reader, writer = await asyncio.open_connection("192.0.2.8", 7)
            writer.write_eof()
            return await reader.read()
        os.write(w, s.recv(9) + asyncio.run(by_loop()))
        os._exit(0)
    os.waitpid(pid, 0)
    return os.read(r, 99).decode()`;
  await bindPython(one, { main: code }, "handler", { egress: true });
  assert.equal((await one.call({ input: { kind: "event" } })).text, '"byebye"');
  await one.kill();
});

describe("packages over the network of Python", () => {
  const code = {
    requests: `
import requests
session = requests.Session()
def handler(event, context):
    replies = [session.post("http://web.example/", data=f"by requests {at}").text for at in range(2)]
    try:
        requests.get("http://dead.example/")
    except requests.ConnectionError as error:
        return [*replies, "nobody listens" in str(error)]`,
    aiohttp: `
import aiohttp
async def handler(event, context):
    async with aiohttp.ClientSession() as session, session.post("http://web.example/", data=b"by aiohttp") as response:
        text = await response.text()
    try:
        async with aiohttp.ClientSession() as session:
            await session.get("http://dead.example/")
    except aiohttp.ClientConnectorError as error:
        return [text, "nobody listens" in str(error)]`,
    trio: `
import trio
async def talk():
    stream = await trio.open_tcp_stream("echo.example", 7)
    await stream.send_all(b"by trio,")
    await stream.send_eof()
    text = b"".join([chunk async for chunk in stream]).decode()
    try:
        await trio.open_tcp_stream("dead.example", 7)
    except OSError as error:
        return [text, "all attempts to connect to dead.example:7 failed" in str(error)]
def handler(event, context):
    return trio.run(talk)`,
  };
  let agent: RunningAgent;
  before(async () => {
    const start = pythonAgent({ suite: "bookworm", packages: ["python3-requests", "python3-aiohttp", "python3-trio"] });
    agent = await startAgentProcess({ start, egress: { connect: reach, resolve: find } });
    await bindPython(agent, code, "handler", { egress: true });
  });
  after(() => agent.kill());

  const expected = {
    requests: ["by requests 0", "by requests 1", true],
    aiohttp: ["by aiohttp", true],
    trio: ["by trio,bye", true],
  };
  for (const [name, results] of Object.entries(expected))
    test(`${name} reaches a destination, and hears of one that is refused`, async () => {
      const reply = await agent.call({ function: name, input: { kind: "event" }, remainingMs: 120_000 });
      assert.deepEqual(JSON.parse(reply.text), results);
    });
});

test("a connection that is open when the machine is about to be frozen is reset, at both ends", async (t) => {
  const own = await startAgentProcess({ egress: { connect: reach, resolve: find }, start: pythonAgent({ suite: "bookworm" }) });
  t.after(() => own.kill());
  const accepted = once(echo, "connection") as Promise<[Socket]>;
  const main = `
import socket
from snapshot_restore_py import register_before_snapshot
@register_before_snapshot
def open_one():
    global opened
    opened = socket.create_connection(("192.0.2.7", 7))
def handler(event, context):
    try:
        opened.sendall(b"late")
        return len(opened.recv(10))
    except OSError as error:
        return type(error).__name__`;
  await bindPython(own, { main }, "handler", { egress: true, snapshot: true });
  const [socket] = await accepted;
  if (!socket.destroyed) await once(socket, "close");
  await own.host.resume(Date.now(), Buffer.alloc(64, "clone"), "m-clone", false, { restored: true });
  const reply = await own.call({ input: { kind: "event" } });
  assert.match(reply.text, /ConnectionResetError|BrokenPipeError/);
});
