/** WebSockets, gRPC, HTTP/2 and static files from real clients to functions of several runtimes, in machines of `process`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectH2 } from "node:http2";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { buildSync } from "esbuild";
import { io } from "socket.io-client";
import { until } from "../src/base/clock/until.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { copyApp, createScope, drivers, onOsv, type Platform, projectDir, type Scope, startPlatform } from "./platform.ts";

/** A client's WebSocket, and what it has heard. */
interface Client {
  socket: WebSocket;
  got: (string | ArrayBuffer)[];
  /** The first message. */
  first: () => string;
  closed: () => { code: number; reason: string } | null;
  last: (expected: string) => Promise<unknown>;
}

function webSocket({ running }: Platform, path: string, protocols: string[] = []): Client {
  const socket = new WebSocket(running.gatewayUrl.replace("http", "ws") + path, protocols);
  socket.binaryType = "arraybuffer";
  const got: Client["got"] = [];
  let closed: ReturnType<Client["closed"]> = null;
  socket.addEventListener("message", ({ data }) => got.push(data as string | ArrayBuffer));
  socket.addEventListener("close", ({ code, reason }) => (closed = { code, reason }));
  socket.addEventListener("error", () => {});
  return { socket, got, first: () => got[0] as string, closed: () => closed, last: (expected) => until(() => got.at(-1) === expected) };
}

/** A frame of a client, masked by zeros. */
const clientFrame = (first: number, data: Buffer) => Buffer.concat([Buffer.from([first, 0x80 | data.length, 0, 0, 0, 0]), data]);
const serverText = (text: string) => Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);

const opened = ({ socket }: Client) => until(() => socket.readyState === WebSocket.OPEN);

/** The folder of test/apps/http with these servers bundled. @param only the functions that it is to have; default: all */
function httpApp(scope: Scope, servers: string[], only?: string[]): string {
  const folder = copyApp(scope, "test/apps/http", {});
  symlinkSync(join(projectDir, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "built"));
  const entryPoints = servers.map((name) => join(folder, `${name}-server.mjs`));
  const outdir = join(folder, "built");
  buildSync({ entryPoints, bundle: true, platform: "node", outdir, outExtension: { ".js": ".cjs" }, logLevel: "error" });
  if (only !== undefined) {
    const file = join(folder, "mayfly.json");
    const {
      functions,
      hosts: _hosts,
      ...manifest
    } = JSON.parse(readFileSync(file, "utf8")) as { functions: Record<string, object>; hosts: object };
    const kept = Object.fromEntries(only.map((name) => [name, functions[name]]));
    writeFileSync(file, JSON.stringify({ ...manifest, functions: kept }));
  }
  return folder;
}

describe("HTTP in full, in machines of process", () => {
  const scope = createScope();
  let platform: Platform;
  let folder = "";
  before(async () => {
    platform = await startPlatform(scope, {
      driver: "process",
      kernel: "linux",
      hosts: ["grpc.example=http"],
      webSockets: { drainMs: 200 },
    });
    folder = httpApp(scope, ["ws", "socketio", "hono", "grpc"]);
    await deploy();
  });
  after(() => scope.close());

  async function deploy(): Promise<void> {
    const { manifest, bundles } = await bundleApp(folder);
    await platform.client.deploy(manifest, bundles);
  }

  test("a function of Node takes WebSockets with ws, and answers requests beside them", async () => {
    const client = webSocket(platform, "/http/node/room?x=1");
    await until(() => client.got.length === 1);
    assert.match(client.first(), /^hello 1 at \/room\?x=1 of /);
    client.socket.send("text");
    await client.last("text");
    const large = new Uint8Array(1_000_000).map((_, at) => at % 251);
    client.socket.send(large);
    await until(() => client.got.length === 3);
    assert.deepEqual(new Uint8Array(client.got[2] as ArrayBuffer), large);
    assert.equal(await (await platform.call("/http/node")).text(), "1");
    client.socket.close(4_001, "done");
    await until(() => client.closed() !== null);
    assert.deepEqual(client.closed(), { code: 4_001, reason: "done" });
    await platform.logged("http", /^closed with 4001$/);
  });

  test("ws as a server takes them, with a subprotocol and its compression", async () => {
    const client = webSocket(platform, "/http/wsserver/", ["first", "second"]);
    await opened(client);
    assert.deepEqual([client.socket.protocol, client.socket.extensions.startsWith("permessage-deflate")], ["second", true]);
    for (const text of ["short", "long ".repeat(10_000)]) {
      client.socket.send(text);
      await client.last(text);
    }
    client.socket.close();
    await until(() => client.closed()?.code === 1_000 || client.closed()?.code === 1_005);
  });

  test("Socket.IO works by polling, by WebSockets, and from one to the other", async () => {
    for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
      const socket = io(platform.running.gatewayUrl, { path: "/http/socketio/socket.io/", transports, forceNew: true });
      scope.after(() => void socket.disconnect());
      await once(socket as never, "connect");
      const wanted = transports.at(-1)!;
      const ask = async () => (await socket.emitWithAck("echo", transports)) as { given: string[]; transport: string };
      await until(async () => (await ask()).transport === wanted);
      assert.deepEqual((await ask()).given, transports);
      const bytes = once(socket as never, "bytes");
      socket.emit("room");
      assert.deepEqual([...new Uint8Array((await bytes)[0] as ArrayBuffer)], [1, 2, 3]);
      socket.disconnect();
    }
  });

  test("Hono's helper for WebSockets works", async () => {
    const client = webSocket(platform, "/http/hono/socket?who=Ada");
    await client.last("open for Ada");
    client.socket.send("hi");
    await client.last("you said hi");
    client.socket.close();
    const plain = webSocket(platform, "/http/hono/");
    await until(() => plain.closed() !== null);
    assert.equal(plain.closed()!.code, 1_006);
  });

  test("ASGI's WebSockets work", async () => {
    const client = webSocket(platform, "/http/asgi/x");
    await opened(client);
    client.socket.send("text");
    await client.last("text");
    client.socket.send(new Uint8Array([1, 2]));
    await until(() => client.got.length === 2);
    client.socket.close(4_002);
    await until(() => client.closed()?.code === 4_002);
    await platform.logged("http", /^closed with 4002$/);
  });

  test("over HTTP/2 they work at functions of Node, at servers and at ASGI's apps", async () => {
    const session = connectH2(platform.running.gatewayUrl);
    scope.after(() => session.destroy());
    await once(session, "remoteSettings");
    for (const name of ["node", "wsserver", "asgi"]) {
      const asking = { ":method": "CONNECT", ":protocol": "websocket", ":path": `/http/${name}`, "sec-websocket-version": "13" };
      const stream = session.request(asking);
      let got = Buffer.alloc(0);
      stream.on("data", (chunk: Buffer) => (got = Buffer.concat([got, chunk])));
      const [{ ":status": status }] = (await once(stream, "response")) as [Record<string, unknown>];
      assert.equal(status, 200, name);
      stream.write(clientFrame(0x81, Buffer.from("over HTTP/2")));
      await until(() => got.subarray(-13).equals(serverText("over HTTP/2")));
      stream.end(clientFrame(0x88, Buffer.from([0x0f, 0xa1])));
      await once(stream, "close");
      assert.deepEqual(got.subarray(-4), Buffer.from([0x88, 2, 0x0f, 0xa1]));
    }
  });

  test("a function that takes none refuses", async () => {
    const client = webSocket(platform, "/http/plain");
    await until(() => client.closed() !== null);
    assert.equal(client.closed()!.code, 1_006);
  });

  test("a deploy closes WebSockets with a code that says so, and new ones reach the new code", async () => {
    const clients = Array.from({ length: 5 }, () => webSocket(platform, "/http/node/"));
    for (const client of clients) await until(() => client.got.length === 1);
    const version = /of (.*)$/.exec(clients[0]!.first())![1];
    writeFileSync(join(folder, "plain.mjs"), `export default { fetch: () => new Response("new ".repeat(1000)) }`);
    await deploy();
    for (const client of clients) await until(() => client.closed() !== null);
    for (const client of clients) assert.deepEqual(client.closed(), { code: 1_012, reason: "connection-drained" });
    const next = webSocket(platform, "/http/node/");
    await until(() => next.got.length === 1);
    assert.notEqual(/of (.*)$/.exec(next.first())![1], version);
    next.socket.close();
  });

  describe("gRPC", () => {
    const bytes = (each: Buffer) => each;
    let client: grpc.Client;
    before(() => {
      const { host } = new URL(platform.running.gatewayUrl);
      client = new grpc.Client(host, grpc.credentials.createInsecure(), { "grpc.default_authority": "grpc.example" });
    });
    after(() => client.close());

    test("calls of all four kinds reach a server, with metadata and trailers", async () => {
      const metadata = new grpc.Metadata();
      metadata.set("x-asked", "yes");
      const answered = Promise.withResolvers<Buffer>();
      const call = client.makeUnaryRequest("/test.Echo/Unary", bytes, bytes, Buffer.from("hi"), metadata, (error, reply) =>
        error === null ? answered.resolve(reply!) : answered.reject(error),
      );
      const [[header], [status], reply] = (await Promise.all([once(call, "metadata"), once(call, "status"), answered.promise])) as [
        [grpc.Metadata],
        [grpc.StatusObject],
        Buffer,
      ];
      assert.equal(reply.toString(), "echo hi");
      assert.deepEqual([header.get("x-header"), status.code, status.metadata.get("x-trailer")], [["yes"], grpc.status.OK, ["behind"]]);
      const collected = Promise.withResolvers<Buffer>();
      const collect = client.makeClientStreamRequest("/test.Echo/Collect", bytes, bytes, (error, all) =>
        error === null ? collected.resolve(all!) : collected.reject(error),
      );
      for (const part of ["a", "b", "c"]) collect.write(Buffer.from(part));
      collect.end();
      assert.equal((await collected.promise).toString(), "abc");
      const many = client.makeServerStreamRequest("/test.Echo/Many", bytes, bytes, Buffer.from("n"));
      const got: string[] = [];
      for await (const each of many) got.push(String(each));
      assert.deepEqual([got.length, got.at(-1)], [100, "n 99"]);
      const both = client.makeBidiStreamRequest("/test.Echo/Both", bytes, bytes);
      for (const part of ["one", "two"]) {
        const back = once(both, "data");
        both.write(Buffer.from(part));
        assert.equal(String((await back)[0]), part);
      }
      both.end();
      const [ended] = (await once(both, "status")) as [grpc.StatusObject];
      assert.equal(ended.code, grpc.status.OK);
    });

    test("a call that fails says so by its status, and one that is cancelled is so at the server", async () => {
      const failed = Promise.withResolvers<grpc.ServiceError | null>();
      client.makeUnaryRequest("/test.Echo/Fails", bytes, bytes, Buffer.alloc(0), (error) => failed.resolve(error));
      const error = await failed.promise;
      assert.deepEqual([error?.code, error?.details], [grpc.status.NOT_FOUND, "there is no such thing"]);
      const both = client.makeBidiStreamRequest("/test.Echo/Both", bytes, bytes);
      both.on("error", () => {});
      const back = once(both, "data");
      both.write(Buffer.from("x"));
      await back;
      both.cancel();
      await platform.logged("http", /^a call was cancelled$/);
    });
  });

  test("trailers, early hints and ranges pass between clients and a program", async () => {
    const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
      httpRequest(`${platform.running.gatewayUrl}/http/raw${path}`, { method, headers, agent: false });
    const hinted = ask("/hints");
    hinted.end();
    const [[information], [response]] = (await Promise.all([once(hinted, "information"), once(hinted, "response")])) as [
      [{ statusCode: number; headers: Record<string, string> }],
      [IncomingMessage],
    ];
    assert.deepEqual(
      [information.statusCode, information.headers["link"], information.headers["x-other"]],
      [103, "</a.css>; rel=preload; as=style", undefined],
    );
    assert.equal((await response.toArray()).join(""), "with hints");
    const trailed = ask("/trailers", { te: "trailers", "transfer-encoding": "chunked" }, "POST");
    trailed.addTrailers({ "x-sent": "by the client" });
    trailed.end("a body");
    const [reply] = (await once(trailed, "response")) as [IncomingMessage];
    assert.equal((await reply.toArray()).join(""), "got a body whole");
    assert.deepEqual({ ...reply.trailers }, { "x-behind": "seen by the client" });
    const part = await platform.call("/http/raw/part", { headers: { range: "bytes=0-1" } });
    assert.deepEqual([part.status, part.headers.get("x-range"), part.headers.get("content-range")], [206, "bytes=0-1", "bytes 0-1/4"]);
    const continued = ask("/trailers", { expect: "100-continue", "content-length": "2" }, "POST");
    continued.flushHeaders();
    await once(continued, "continue");
    continued.end("hi");
    const [late] = (await once(continued, "response")) as [IncomingMessage];
    assert.equal((await late.toArray()).join(""), "got hi whole");
  });

  test("a client of HTTP/2 calls a function of Node, whose reply is compressed", async () => {
    const session: ClientHttp2Session = connectH2(platform.running.gatewayUrl);
    scope.after(() => session.destroy());
    const stream = session.request({ ":path": "/http/plain/x", "accept-encoding": "br" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.deepEqual([headers[":status"], headers["content-encoding"]], [200, "br"]);
    assert.ok((await stream.toArray()).length > 0);
    const plain = await platform.call("/http/plain/x", { headers: { "accept-encoding": "gzip" } });
    assert.equal(plain.headers.get("content-encoding"), "gzip");
    assert.match(await plain.text(), /^new new /);
  });

  test("the example of a chat has its page without a machine, and its rooms by WebSockets", async () => {
    await platform.deploy("examples/chat");
    const machines = (await platform.client.machines()).filter(({ app }) => app === "chat").length;
    const page = await platform.call("/chat/");
    assert.match(await page.text(), /<title>Chat<\/title>/);
    assert.equal((await platform.client.machines()).filter(({ app }) => app === "chat").length, machines);
    const [ada, bob] = [webSocket(platform, "/chat/rooms/hall"), webSocket(platform, "/chat/rooms/hall")];
    await until(() => ada.got.includes("2 here") && bob.got.includes("2 here"));
    ada.socket.send("hello, all");
    await bob.last("hello, all");
    ada.socket.close();
    await bob.last("1 here");
    bob.socket.close();
    assert.equal((await platform.call("/chat/rooms/hall")).status, 426);
    // Each connection is a request, like the call, and the page is none. The machine's memory is paid for while they are open.
    const bill = async () => (await platform.client.bill()).apps.find(({ app }) => app === "chat");
    await until(async () => (await bill())?.requests === 3);
    assert.ok((await bill())!.gbSeconds > 0);
  });

  test("a folder of files alone is an app", async () => {
    const site = copyApp(scope, "examples/chat/public", { "mayfly.json": JSON.stringify({ name: "site", static: "pages/" }) });
    mkdirSync(join(site, "pages"));
    writeFileSync(join(site, "pages/index.html"), "<h1>one</h1>");
    const put = async () => {
      const { manifest, bundles } = await bundleApp(site);
      await platform.client.deploy(manifest, bundles);
    };
    await put();
    const first = await platform.call("/site/");
    assert.equal(await first.text(), "<h1>one</h1>");
    assert.equal((await platform.call("/site/index.html", { headers: { "if-none-match": first.headers.get("etag")! } })).status, 304);
    writeFileSync(join(site, "pages/index.html"), "<h1>two</h1>");
    writeFileSync(join(site, "pages/large.bin"), Buffer.alloc(2_000_000, "x"));
    await put();
    assert.equal(await (await platform.call("/site/")).text(), "<h1>two</h1>");
    assert.equal((await (await platform.call("/site/large.bin")).arrayBuffer()).byteLength, 2_000_000);
    assert.equal((await platform.call("/site/none")).status, 404);
    assert.equal((await platform.call("/site/", { method: "POST" })).status, 404);
    assert.deepEqual(
      (await platform.client.machines()).filter(({ app }) => app === "site"),
      [],
    );
    await platform.client.removeApp("site");
    assert.equal((await platform.call("/site/")).status, 404);
  });
});

for (const driver of drivers) {
  test(`a WebSocket passes through a machine of ${driver}, and ends with it`, async (t) => {
    const platform = await startPlatform(t, { driver });
    await platform.deploy("examples/chat");
    const names = onOsv ? ["asgi"] : ["wsserver", "asgi"];
    const { manifest, bundles } = await bundleApp(httpApp(t, ["ws"], names));
    await platform.client.deploy(manifest, bundles);
    for (const name of names) {
      const other = webSocket(platform, `/http/${name}/`);
      await opened(other);
      other.socket.send("through the machine");
      await other.last("through the machine");
      other.socket.close(4_003);
      await until(() => other.closed()?.code === 4_003);
    }
    const client = webSocket(platform, "/chat/rooms/x");
    await client.last("1 here");
    const text = "text ".repeat(3_000);
    client.socket.send(text);
    await client.last(text);
    await platform.running.close();
    await until(() => client.closed() !== null);
    assert.deepEqual(client.closed(), { code: 1_012, reason: "shutting-down" });
  });
}
