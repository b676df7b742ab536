/** Connections that go on with another protocol, in a real agent over the real wire: at functions of Node and at programs that listen on $PORT. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../base/clock/until.ts";
import { ResetCode } from "../wire/protocol.ts";
import { startProgramAgent } from "./testing/program-agent.ts";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

/** A connection as its caller sees it. */
interface Seen {
  status: number;
  headers: string[];
  text: string;
  ended: boolean;
  reset: ResetCode | null;
  closed: boolean;
}

function connect(agent: RunningAgent, name: string, url = "http://h.test/chat?x=1", end = false) {
  const seen: Seen = { status: 0, headers: [], text: "", ended: false, reset: null, closed: false };
  const take = (chunk: Buffer) => {
    seen.text += chunk.toString("latin1");
    stream.consumed(chunk.length);
  };
  const headers = ["host", "h.test", "x-forwarded-for", "192.0.2.1, 10.0.0.1", "sec-websocket-key", "key"];
  const stream = agent.open(
    {
      head: (status, given, body) => {
        Object.assign(seen, { status, headers: given });
        take(body);
      },
      data: take,
      end: () => (seen.ended = true),
      reset: (code) => (seen.reset = code),
      closed: () => (seen.closed = true),
    },
    { function: name, input: { kind: "upgrade", protocol: "websocket", method: "GET", url, headers } },
    end,
  );
  return { seen, stream, send: (text: string) => stream.write(Buffer.from(text)) };
}

const agrees = `socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nX-Own: yes\\r\\n\\r\\n");`;

const upgrades = {
  echo: `(request, socket, head) => {
    ${agrees}
    socket.write(JSON.stringify([request.method, request.url, request.headers.upgrade, request.headers.connection, request.headers.host, socket.remoteAddress, head.length]));
    socket.on("data", (chunk) => { console.log("got " + chunk); socket.write(chunk); });
    socket.on("close", () => console.log("closed"));
  }`,
  refuses: `(request, socket) => void socket.end("HTTP/1.1 403 Forbidden\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nno!")`,
  throws: `() => { throw new Error("boom") }`,
  rejects: `async () => { throw new Error("later boom") }`,
  drops: `(request, socket) => void socket.destroy()`,
  halves: `(request, socket) => void socket.end("HTTP/1.1 101 Switching")`,
  rubbish: `(request, socket) => void socket.write("rubbish\\r\\n\\r\\n")`,
  floods: `(request, socket) => { ${agrees} const go = () => { while (socket.write(Buffer.alloc(65_536))); }; socket.on("drain", go); go(); setTimeout(() => console.log("held back at " + socket.writableLength), 300); }`,
  reads: `(request, socket) => { ${agrees} }`,
};

describe("a function of Node with upgrade()", () => {
  let agent: RunningAgent;
  before(async () => {
    agent = await startAgentProcess();
    const functions = Object.entries(upgrades).map(([name, code]) => [
      name,
      `exports.default = { fetch: () => new Response("plain"), upgrade: ${code} }`,
    ]);
    const others = {
      plain: `exports.default = { fetch: () => new Response("plain") }`,
      lambda: `exports.handler = async () => "plain"`,
    };
    await agent.bind({ ...Object.fromEntries(functions), ...others });
  });
  after(() => agent.kill());

  test("gets the request and a socket, and bytes go both ways until one side ends", async () => {
    const { seen, stream, send } = connect(agent, "echo");
    await until(() => seen.text.endsWith("]"));
    assert.deepEqual([seen.status, seen.headers], [101, ["X-Own", "yes"]]);
    assert.deepEqual(JSON.parse(seen.text), ["GET", "/chat?x=1", "websocket", "Upgrade", "h.test", "192.0.2.1", 0]);
    send("one");
    await until(() => seen.text.endsWith("one"));
    const { stream: number } = await agent.logged("got one");
    assert.equal(number, stream.stream);
    stream.end();
    await until(() => seen.ended && seen.closed);
    await agent.logged("closed");
    assert.equal((await agent.call({ function: "echo" })).text, "plain");
  });

  test("may refuse in HTTP", async () => {
    const { seen } = connect(agent, "refuses");
    await until(() => seen.closed);
    assert.deepEqual([seen.status, seen.text, seen.reset], [403, "no!", null]);
  });

  test("that fails before it has agreed fails the invocation, and the agent goes on", async () => {
    const expected = {
      throws: ResetCode.FunctionThrew,
      rejects: ResetCode.FunctionThrew,
      drops: ResetCode.FunctionThrew,
      halves: ResetCode.BadResponse,
      rubbish: ResetCode.BadResponse,
    };
    for (const [name, code] of Object.entries(expected)) {
      const { seen } = connect(agent, name);
      await until(() => seen.closed);
      assert.deepEqual([seen.status, seen.reset], [0, code], name);
    }
    assert.equal((await agent.call({ function: "plain" })).text, "plain");
  });

  test("is refused without such a function, and of Lambda's style", async () => {
    for (const name of ["plain", "lambda"]) {
      const { seen } = connect(agent, name);
      await until(() => seen.closed);
      assert.deepEqual([seen.status, seen.reset], [0, ResetCode.Refused], name);
    }
  });

  test("is held back by a caller that reads nothing, and hears of one that goes away", async () => {
    const { seen, stream } = connect(agent, "floods");
    await until(() => seen.status === 101);
    const slow = agent.open(
      {},
      { function: "floods", input: { kind: "upgrade", protocol: "websocket", method: "GET", url: "http://h/", headers: [] } },
      false,
    );
    const { text } = await agent.logged("held back at");
    assert.ok(Number(text.split(" ").at(-1)) > 0, text);
    stream.reset(ResetCode.Cancelled, "");
    slow.reset(ResetCode.Cancelled, "");
    await until(() => seen.closed);
  });

  test("that does not read holds its caller back", async () => {
    const { seen, stream } = connect(agent, "reads");
    await until(() => seen.status === 101);
    let sent = 0;
    while (stream.write(Buffer.alloc(16_384)) && sent < 64) sent += 1;
    assert.ok(sent < 20, `${sent} pieces of 16 KiB were taken`);
    stream.reset(ResetCode.Cancelled, "");
    await until(() => seen.closed);
  });
});

const program = `const http = require("node:http");
const server = http.createServer((request, response) => response.end("plain"));
server.on("upgrade", (request, socket, head) => {
  const { pathname } = new URL(request.url, "http://x");
  if (pathname === "/refuse") return socket.end("HTTP/1.1 401 Unauthorized\\r\\nContent-Length: 2\\r\\n\\r\\nno");
  if (pathname === "/drop") return socket.destroy();
  if (pathname === "/silent") return void socket.resume().on("end", () => { console.log("silent one closed"); socket.destroy(); });
  ${agrees}
  socket.write(JSON.stringify([request.url, request.headers.upgrade, request.headers["sec-websocket-key"], request.headers["x-mayfly-kind"]]));
  socket.on("data", (chunk) => String(chunk) === "bye" ? socket.end("bye") : socket.write(chunk));
  socket.on("close", () => console.log("program's side closed")).on("error", () => {});
});
server.listen(process.env.PORT, process.env.HOST);`;

describe("a program that listens on $PORT", () => {
  let agent: Awaited<ReturnType<typeof startProgramAgent>>;
  before(async () => {
    agent = await startProgramAgent();
    agent.write("main.cjs", program);
    await agent.bindServers({ main: [process.execPath, "main.cjs"] });
  });
  after(() => agent.kill());

  test("gets the request over a connection of its own, which then carries what both send", async () => {
    const { seen, send } = connect(agent, "main");
    await until(() => seen.text.endsWith("]"));
    assert.equal(seen.status, 101);
    assert.deepEqual(JSON.parse(seen.text), ["/chat?x=1", "websocket", "key", "upgrade"]);
    const large = "0123456789".repeat(100_000);
    send(large);
    await until(() => seen.text.endsWith(`]${large}`));
    send("bye");
    await until(() => seen.ended && seen.closed);
    assert.ok(seen.text.endsWith("bye"));
  });

  test("may refuse in HTTP, or drop the connection", async () => {
    const refused = connect(agent, "main", "http://h/refuse");
    await until(() => refused.seen.closed);
    assert.deepEqual([refused.seen.status, refused.seen.text], [401, "no"]);
    const dropped = connect(agent, "main", "http://h/drop");
    await until(() => dropped.seen.closed);
    assert.deepEqual([dropped.seen.status, dropped.seen.reset], [0, ResetCode.FunctionThrew]);
    assert.equal((await agent.call()).text, "plain");
  });

  test("sees callers go away, before and after it has agreed", async () => {
    const open = connect(agent, "main");
    await until(() => open.seen.text.endsWith("]"));
    open.stream.reset(ResetCode.Cancelled, "");
    await agent.logged("program's side closed");
    await until(() => open.seen.closed);
    const silent = connect(agent, "main", "http://h/silent");
    await agent.call();
    silent.stream.reset(ResetCode.Timeout, "");
    await agent.logged("silent one closed");
    await until(() => silent.seen.closed);
  });
});
