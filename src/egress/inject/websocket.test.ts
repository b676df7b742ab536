/** Connections that go on as WebSockets, where the host adds a secret to the request that asks for it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { text } from "node:stream/consumers";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { until } from "../../base/clock/until.ts";
import { API, egressTo, exchange, rawServer, type Scope, SECRET, secureBy, serverBy, trusted } from "./testing/ends.ts";

const asking = (more = "") => `GET /chat HTTP/1.1\r\nHost: HOST\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n${more}\r\n`;
const ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\n";

/** A server that goes on as each request asks; what it does then is up to the test. */
async function goingOn(t: Scope, then: (socket: Duplex) => void) {
  const found = await serverBy(t, trusted, (request, response) => void response.end(request.url === "/" ? "\r\n\r\n" : "plain"));
  const asked: IncomingMessage[] = [];
  found.server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    asked.push(request);
    socket.on("error", () => {});
    socket.write(ACCEPT);
    then(socket);
  });
  return { ...found, asked };
}

async function ask(secure: TLSSocket, port: number, request: string): Promise<string> {
  secure.write(request.replaceAll("HOST", `${API}:${port}`));
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const byte = secure.read(1) as Buffer | null;
    if (byte !== null) head += byte.toString("latin1");
    else if (secure.readableEnded || secure.destroyed) return head;
    else await Promise.race(["readable", "end", "close"].map((event) => once(secure, event)));
  }
  return head;
}

describe("a WebSocket", () => {
  test("is asked for with the secret, and carries what both ends send", async (t) => {
    const server = await goingOn(t, (socket) => socket.pipe(socket));
    const { egress, told } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    const head = await ask(secure, server.port, asking("Authorization: mine\r\nSec-WebSocket-Key: key\r\n"));
    assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    assert.match(head, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
    assert.match(head, /\r\nSec-WebSocket-Accept: yes\r\n/);
    const { headers, rawHeaders } = server.asked[0]!;
    assert.deepEqual(
      [headers.authorization, headers.host, headers.upgrade, headers["sec-websocket-key"]],
      [`Bearer ${SECRET}`, `${API}:${server.port}`, "websocket", "key"],
    );
    assert.equal(rawHeaders.filter((each) => each.toLowerCase() === "authorization").length, 1);
    const sent = Buffer.alloc(5_000_000, "0123456789");
    secure.end(sent);
    assert.ok(Buffer.from(await text(secure)).equals(sent));
    assert.deepEqual(told, []);
  });

  test("may follow other requests on their connection", async (t) => {
    const server = await goingOn(t, (socket) => socket.end("first words"));
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    assert.match(await ask(secure, server.port, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"), /^HTTP\/1\.1 200 /);
    assert.equal(String(secure.read(4)), "\r\n\r\n");
    assert.match(await ask(secure, server.port, asking()), /^HTTP\/1\.1 101 /);
    assert.equal(await text(secure), "first words");
    assert.equal(server.connections(), 1);
  });

  test("ends at both ends when either leaves", async (t) => {
    let ended = 0;
    const server = await goingOn(t, (socket) => {
      socket.write("x");
      socket.on("close", () => ended++).resume();
    });
    const { egress } = egressTo(t, server.port);
    const left = await secureBy(egress, server.port);
    await ask(left, server.port, asking());
    left.destroy();
    await until(() => ended === 1, { what: "the server's end", ms: 20_000 });
    const cut = await goingOn(t, (socket) => void socket.once("data", () => socket.destroy()));
    const { egress: other } = egressTo(t, cut.port);
    const secure = await secureBy(other, cut.port);
    await ask(secure, cut.port, asking());
    const over = once(secure, "close");
    secure.resume().write("x");
    await over;
  });

  test("that the server refuses is an answer like any other, after which the connection ends", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void response.writeHead(401).end("who are you?"));
    const { egress } = egressTo(t, server.port);
    assert.match(await exchange(egress, server.port, asking()), /^HTTP\/1\.1 401 Unauthorized\r\n[^]*who are you\?/);
    assert.equal(server.seen.length, 1);
  });
});

describe("what the machine sends before the server goes on", () => {
  const after = "GET /smuggled HTTP/1.1\r\nHost: other.example.com\r\n\r\n";

  test("ends the connection, and reaches no server", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void setTimeout(() => response.end("plain"), 50));
    const { egress } = egressTo(t, server.port);
    assert.equal(await exchange(egress, server.port, asking() + after), "");
    assert.ok(server.seen.every(({ url }) => url === "/chat"));
  });

  test("is not waited for: neither is a machine that leaves", async (t) => {
    const port = await rawServer(t, () => undefined);
    const { egress } = egressTo(t, port);
    const secure = await secureBy(egress, port);
    secure.end(asking().replace("HOST", `${API}:${port}`));
    assert.equal(await text(secure), "");
  });
});

test("a connection does not go on before earlier requests are answered", async (t) => {
  const server = await goingOn(t, () => undefined);
  const { egress } = egressTo(t, server.port);
  assert.equal(await exchange(egress, server.port, `GET / HTTP/1.1\r\nHost: HOST\r\n\r\n${asking()}`), "");
  assert.equal(server.asked.length, 0);
});

test("the request for a WebSocket keeps the rules of any other", async (t) => {
  const server = await goingOn(t, () => undefined);
  const { egress } = egressTo(t, server.port);
  assert.match(await exchange(egress, server.port, asking().replace("HOST", "other.example.com")), /^HTTP\/1\.1 502 [^]*its Host header/);
  assert.equal(server.asked.length, 0);
});

test("a request for another protocol is made without asking for it", async (t) => {
  const server = await goingOn(t, () => undefined);
  const { egress } = egressTo(t, server.port);
  for (const other of ["h2c", "TLS/1.0", "websocket2"]) {
    const request = asking().replace("WebSocket", other).replace("keep-alive", "close");
    assert.match(await exchange(egress, server.port, request), /^HTTP\/1\.1 200 /);
  }
  assert.deepEqual([server.asked.length, server.seen.length], [0, 3]);
  assert.ok(server.seen.every(({ headers }) => headers.upgrade === undefined && headers.authorization === `Bearer ${SECRET}`));
});

describe("a server that goes on", () => {
  test("with another protocol than was asked for is not believed", async (t) => {
    const port = await rawServer(t, (socket) => socket.once("data", () => socket.write(ACCEPT.replace("websocket", "h2c"))));
    const { egress } = egressTo(t, port);
    assert.match(await exchange(egress, port, asking()), /^HTTP\/1\.1 502 [^]*another protocol than was asked for/);
  });

  test("although nobody asked is not believed", async (t) => {
    const port = await rawServer(t, (socket) => socket.once("data", () => socket.write(ACCEPT)));
    const { egress } = egressTo(t, port);
    assert.match(await exchange(egress, port, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"), /^HTTP\/1\.1 502 /);
  });
});
