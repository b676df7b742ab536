/** What a machine's connections become where the host adds a secret: real TLS on both sides, over this host's loopback. The file is long because all tests share the servers and the authorities. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as makeRequest, type IncomingMessage } from "node:http";
import { Agent } from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { buffer, text } from "node:stream/consumers";
import tls from "node:tls";
import { until } from "../../base/clock/until.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import type { Egress } from "../egress.ts";
import type { Place } from "./places.ts";
import { API, egressTo, exchange, foreign, OTHER, own, type Scope, SECRET, secureBy, serverBy, trusted } from "./testing/ends.ts";

/** Requests as code in the machine makes them. */
function clientOf(t: Scope, egress: Egress, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = (_options, callback) => {
    const connect = async () => callback?.(null, await secureBy(egress, port));
    connect().catch((error: Error) => agent.emit("error", error));
    return undefined;
  };
  t.after(() => agent.destroy());
  return async (path: string, options: { method?: string; headers?: Record<string, string>; body?: Iterable<Buffer> } = {}) => {
    const { method = "GET", headers = {}, body } = options;
    const outgoing = makeRequest({ agent, protocol: "https:", path, method, headers: { host: `${API}:${port}`, ...headers } });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    Readable.from(body ?? []).pipe(outgoing);
    const [response] = await answered;
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  };
}

describe("a server for which the host adds a secret", () => {
  test("gets it in the place of what the code sent, several times on one connection", async (t) => {
    const server = await serverBy(t, trusted, (request, response) => void response.end(request.url));
    const { egress } = egressTo(t, server.port);
    const call = clientOf(t, egress, server.port);
    for (const path of ["/a", "/b?c=d", "/e"])
      assert.equal((await call(path, { headers: { Authorization: "mine", "x-other": "kept" } })).text, path);
    for (const { rawHeaders, headers } of server.seen) {
      assert.equal(headers.authorization, `Bearer ${SECRET}`);
      assert.equal(rawHeaders.filter((each) => each.toLowerCase() === "authorization").length, 1);
      assert.equal(headers["x-other"], "kept");
      assert.equal(headers.host, `${API}:${server.port}`);
    }
    assert.equal(server.connections(), 1);
  });

  test("gets it although the code lists the header as one between neighbours", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void response.end());
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    secure.write(
      `GET / HTTP/1.1\r\nHost: ${API}:${server.port}\r\nConnection: authorization, x-mine, close\r\nX-Mine: 1\r\nAuthorization: mine\r\n\r\n`,
    );
    await text(secure);
    assert.equal(server.seen[0]!.headers.authorization, `Bearer ${SECRET}`);
    assert.equal(server.seen[0]!.headers["x-mine"], undefined);
  });

  test("gets bodies of any length, and so does the code", async (t) => {
    const server = await serverBy(t, trusted, (request, response) => void request.pipe(response));
    const { egress } = egressTo(t, server.port);
    const call = clientOf(t, egress, server.port);
    const chunk = Buffer.alloc(65_536, "x");
    const chunks = () => Array.from({ length: 80 }, () => chunk);
    const length = 80 * chunk.length;
    const sent = await call("/", { method: "POST", body: chunks() });
    assert.equal(sent.text.length, length);
    assert.equal(server.seen[0]!.headers["transfer-encoding"], "chunked");
    const known = await call("/", { method: "PUT", headers: { "content-length": String(length) }, body: chunks() });
    assert.equal(known.text.length, length);
    assert.equal(server.seen[1]!.headers["content-length"], String(length));
    const none = await call("/", { method: "POST" });
    assert.deepEqual([none.status, none.text], [200, ""]);
  });

  test("gets no body, nor chunks, where the code sends none", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void response.end());
    const { egress } = egressTo(t, server.port);
    for (const method of ["GET", "DELETE", "OPTIONS", "POST", "MKCOL", "PROPFIND", "QUERY"]) {
      await exchange(egress, server.port, `${method} / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n`);
      const { headers, method: seen } = server.seen.at(-1)!;
      assert.deepEqual([seen, headers["transfer-encoding"], headers["content-length"] ?? "0"], [method, undefined, "0"]);
    }
  });

  test("is not sent more than it reads", async (t) => {
    const server = await serverBy(t, trusted, () => undefined);
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    secure.write(`POST / HTTP/1.1\r\nHost: ${API}:${server.port}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536), Buffer.from("\r\n")]);
    let written = 0;
    let isHeld = false;
    // A server of this host that does not read takes what the kernel's buffers hold.
    for (; written < 1_000 && !isHeld; written++) {
      const drained = secure.write(chunk) ? true : once(secure, "drain").then(() => true);
      isHeld = !(await Promise.race([drained, new Promise<false>((resolve) => setTimeout(resolve, 3_000, false))]));
    }
    assert.ok(isHeld, `${written} chunks were taken`);
    secure.destroy();
  });

  test("may send no more than the code reads, which gets all of it", async (t) => {
    const chunk = Buffer.alloc(65_536);
    // Many times what the kernel's buffers hold between a server of this host and the host.
    const chunks = 800;
    let written = 0;
    const server = await serverBy(t, trusted, async (_request, response) => {
      response.writeHead(200, { "content-length": chunks * chunk.length });
      for (; written < chunks; written++) if (!response.write(chunk)) await once(response, "drain");
      response.end();
    });
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    secure.write(`GET / HTTP/1.1\r\nHost: ${API}:${server.port}\r\nConnection: close\r\n\r\n`);
    let before = 0;
    const isHeld = () => written > 0 && written === before;
    while (!isHeld()) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    assert.ok(written < chunks, "all was taken");
    const { length } = await buffer(secure);
    assert.ok(length > chunks * chunk.length, `${length} bytes came`);
  });

  test("may answer before it has read, and end the connection after it", async (t) => {
    const server = await serverBy(t, trusted, (request, response) => {
      response.writeHead(413, { connection: "close" }).end("too much");
      void request;
    });
    const { egress } = egressTo(t, server.port);
    const call = clientOf(t, egress, server.port);
    const answer = await call("/", { method: "POST", headers: { "content-length": "10" }, body: [Buffer.alloc(10)] });
    assert.deepEqual([answer.status, answer.text], [413, "too much"]);
    assert.equal((await call("/")).status, 413);
    assert.equal(server.connections(), 2);
  });

  test("that cuts its answer off has it cut off for the code", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => {
      response.writeHead(200, { "content-length": 100 }).write("half");
      setTimeout(() => response.destroy(), 50);
    });
    const { egress } = egressTo(t, server.port);
    await assert.rejects(clientOf(t, egress, server.port)("/"), /aborted/);
  });

  test("that ends an idle connection has the code's ended, too", async (t) => {
    const server = await serverBy(t, trusted, (request, response) => {
      response.end();
      setTimeout(() => request.socket.end(), 50);
    });
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    secure.write(`GET / HTTP/1.1\r\nHost: ${API}:${server.port}\r\n\r\n`);
    assert.match(await text(secure), /^HTTP\/1\.1 200 OK/);
  });
});

describe("a request in which the secret could go elsewhere", () => {
  const requests: [what: string, head: string, reason: RegExp][] = [
    ["another host", "GET / HTTP/1.1\r\nHost: other.example.com\r\n\r\n", /its Host header must be api\.example\.com/],
    ["two hosts", "GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n", /its Host header must be|400 Bad Request/],
    ["an absolute target", "GET https://other.example.com/ HTTP/1.1\r\nHost: HOST\r\n\r\n", /its target must be a path/],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n", /TRACE would show the secret/],
    ["two lengths", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", /400 Bad Request/],
    ["another coding", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", /only Transfer-Encoding/],
    ["CONNECT", "CONNECT other.example.com:443 HTTP/1.1\r\nHost: HOST\r\n\r\n", /^$/],
    ["a head without end", `GET / HTTP/1.1\r\nHost: HOST\r\nX-Long: ${"x".repeat(40_000)}\r\n\r\n`, /400 Bad Request/],
  ];
  for (const [what, head, reason] of requests)
    test(`${what} is refused`, async (t) => {
      const server = await serverBy(t, trusted, (_request, response) => void response.end());
      const { egress, told } = egressTo(t, server.port);
      assert.match(await exchange(egress, server.port, head), reason);
      assert.equal(server.seen.length, 0);
      assert.doesNotMatch(told.join(), new RegExp(SECRET));
    });

  test("many at once on one connection end it", async (t) => {
    const server = await serverBy(t, trusted, () => undefined);
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port);
    secure.write(`GET / HTTP/1.1\r\nHost: ${API}:${server.port}\r\n\r\n`.repeat(100));
    secure.resume();
    await once(secure, "close");
    assert.ok(server.seen.length <= 1);
  });
});

describe("a server that the host does not trust", () => {
  test("gets no request, and the code a response that says why", async (t) => {
    const server = await serverBy(t, foreign, (_request, response) => void response.end());
    const { egress, told } = egressTo(t, server.port);
    const { status, text: body } = await clientOf(t, egress, server.port)("/", { method: "POST", body: [Buffer.alloc(1_000_000)] });
    assert.equal(status, 502);
    const { error } = JSON.parse(body) as { error: { code: string; message: string } };
    assert.equal(error.code, "injection-failed");
    assert.match(error.message, /the server's certificate is not one that this host trusts for it: .* \([A-Z_]+\)\.$/);
    assert.deepEqual(told, [error.message]);
    assert.equal(server.seen.length, 0);
  });

  test("with a certificate for another name is such a server", async (t) => {
    const named = { certificate: () => trusted.certificate(), certificateOf: () => trusted.certificateOf(OTHER) };
    const server = await serverBy(t, named, (_request, response) => void response.end());
    const { egress } = egressTo(t, server.port);
    const { status, text: body } = await clientOf(t, egress, server.port)("/");
    assert.equal(status, 502);
    assert.match(body, /ERR_TLS_CERT_ALTNAME_INVALID/);
    assert.equal(server.seen.length, 0);
  });

  test("although the environment turns checks off", async (t) => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    const server = await serverBy(t, foreign, (_request, response) => void response.end());
    const { egress } = egressTo(t, server.port);
    assert.equal((await clientOf(t, egress, server.port)("/")).status, 502);
    assert.equal(server.seen.length, 0);
  });
});

test("a secret is asked for at each request: a changed one is sent at once, and without one nothing is", async (t) => {
  const server = await serverBy(t, trusted, (_request, response) => void response.end());
  let current: string | undefined = "one";
  const value = () => {
    if (current === undefined) throw new Error("the secret API_KEY is not set");
    return current;
  };
  const { egress, told } = egressTo(t, server.port, { value });
  const call = clientOf(t, egress, server.port);
  await call("/");
  current = "two";
  await call("/");
  assert.deepEqual(
    server.seen.map(({ headers }) => headers.authorization),
    ["one", "two"],
  );
  current = undefined;
  const { status, text: body } = await call("/");
  assert.equal(status, 502);
  assert.match(body, /the secret API_KEY is not set/);
  assert.match(told.join(), /the secret API_KEY is not set/);
  current = "a\r\nb: c";
  const unfit = await call("/");
  assert.equal(unfit.status, 502);
  assert.match(unfit.text, /Invalid character in header content/);
  assert.equal(server.seen.length, 2);
});

describe("what passes as it is", () => {
  test("TLS to another name at the same address", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void response.end("other"));
    const { egress } = egressTo(t, server.port);
    const secure = await secureBy(egress, server.port, OTHER, trusted);
    secure.end(`GET / HTTP/1.1\r\nHost: ${OTHER}\r\nConnection: close\r\n\r\n`);
    assert.match(await text(secure), /other$/);
    assert.equal(server.seen[0]!.headers.authorization, undefined);
  });

  test("what is not TLS, and a server that speaks first", async (t) => {
    const { createServer: createPlain } = await import("node:net");
    for (const first of [true, false]) {
      const plain = createPlain({ allowHalfOpen: true }, (socket) => {
        if (first) socket.write("welcome ");
        let got = "";
        socket.on("data", (chunk) => (got += chunk)).on("end", () => socket.end(`got ${got}`));
      });
      plain.listen(0, "127.0.0.1");
      await once(plain, "listening");
      t.after(() => plain.close());
      const { port } = plain.address() as AddressInfo;
      const { egress } = egressTo(t, port);
      const socket = await egress.connect("127.0.0.1", port, undefined, API);
      assert.deepEqual([socket.remoteAddress, socket.remotePort, socket.remoteFamily], ["127.0.0.1", port, "IPv4"]);
      if (first) await once(socket, "readable");
      // It begins like a record of TLS that never ends.
      socket.end(first ? "hello" : Buffer.from([22, 3, 1, 0, 9, 1]));
      assert.equal(await text(socket), first ? "welcome got hello" : `got \u0016\u0003\u0001\u0000\t\u0001`);
    }
  });

  test("connections at other ports", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => void response.end());
    const { egress } = egressTo(t, server.port, { port: server.port + 1 });
    const secure = await secureBy(egress, server.port, API, trusted);
    secure.end(`GET / HTTP/1.1\r\nHost: ${API}\r\nConnection: close\r\n\r\n`);
    await text(secure);
    assert.equal(server.seen[0]!.headers.authorization, undefined);
  });
});

test("a machine that goes away takes its connection to the server with it, and nothing is told", async (t) => {
  const server = await serverBy(t, trusted, () => undefined);
  const { egress, told } = egressTo(t, server.port);
  for (const name of [API, OTHER]) {
    const socket = await egress.connect("127.0.0.1", server.port, undefined, API);
    const secure = tls.connect({ socket, servername: name, ca: await (name === API ? own : trusted).certificate() });
    await once(secure, "secureConnect");
    secure.write(`GET / HTTP/1.1\r\nHost: ${name}:${server.port}\r\n\r\n`);
    const before = server.seen.length;
    await until(() => server.seen.length > before, { what: "the request", ms: 20_000 });
    secure.on("error", () => {});
    const { socket: end } = server.seen.at(-1)!;
    end.on("error", () => {});
    socket.destroy();
    await until(() => end.destroyed, { what: "its end", ms: 20_000 });
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(told, []);
});

test("many connections at once are all served, up to a limit of the app", async (t) => {
  const server = await serverBy(t, trusted, (_request, response) => void response.end("hello"));
  const { egress, told, places } = egressTo(t, server.port);
  const request = "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(egress, server.port, request)));
  assert.ok(answers.every((answer) => /^HTTP\/1\.1 200 OK[^]*hello/.test(answer)));
  assert.deepEqual(told, []);
  // Those of the ended connections are free again.
  const taken: Place[] = [];
  const takeAll = () => {
    for (let place = places.take("shop", API); place !== undefined; place = places.take("shop", API)) taken.push(place);
    return taken.length === 512;
  };
  await until(takeAll, { what: "the ends of all connections", ms: 20_000 });
  await assert.rejects(exchange(egress, server.port, request));
  assert.match(told.join(), /^A connection to api\.example\.com was closed, because the app has too many/);
  taken[0]!.leave();
  assert.match(await exchange(egress, server.port, request), /hello/);
});

test("a connection that comes when the app has begun as many as it may waits, and the app is told", async (t) => {
  const server = await serverBy(t, trusted, (_request, response) => void response.end("hello"));
  const clock = new FakeClock();
  const { egress, told, places } = egressTo(t, server.port, {}, clock);
  for (let times = 0; times < 100; times++) {
    const place = places.take("shop", API)!;
    place.begin(
      () => {},
      () => assert.fail("it is held back"),
    );
    place.leave();
  }
  const answer = exchange(egress, server.port, "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n");
  await until(() => told.length > 0, { what: "the line in the log" });
  assert.match(told.join(), /^Connections to api\.example\.com wait, because the app begins more than 25 a second to servers/);
  assert.equal(server.seen.length, 0);
  await clock.advance(40);
  assert.match(await answer, /hello/);
});

test("a client that speaks HTTP/2 only is refused by TLS, and the app is told why", async (t) => {
  const server = await serverBy(t, trusted, (_request, response) => void response.end());
  const { egress, told } = egressTo(t, server.port);
  await assert.rejects(secureBy(egress, server.port, API, own, { ALPNProtocols: ["h2"] }), /no.application.protocol/i);
  const refused =
    /^A connection to api\.example\.com was refused: it is HTTP\/2, as gRPC is, and where the host adds a secret it speaks HTTP\/1\.1 alone/;
  assert.match(told.join(), refused);
  told.length = 0;
  // One that does not ask what the server speaks.
  await exchange(egress, server.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  assert.match(told.join(), /HTTP\/2, as gRPC is/);
  const secure = await secureBy(egress, server.port, API, own, { ALPNProtocols: ["h2", "http/1.1"] });
  assert.equal(secure.alpnProtocol, "http/1.1");
  secure.destroy();
});
