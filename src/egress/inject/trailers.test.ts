/** Trailers, and responses before the one that counts, where the host stands between a machine and a server. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { API, egressTo, exchange, rawServer, SECRET, serverBy, trusted } from "./testing/ends.ts";

const GET = "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";

describe("trailers", () => {
  test("of a request reach the server, but for those that could be taken for the host's own headers", async (t) => {
    const server = await serverBy(t, trusted, async (request, response) => {
      await text(request);
      response.end();
    });
    const { egress } = egressTo(t, server.port);
    const head = "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Twice\r\n\r\n";
    await exchange(
      egress,
      server.port,
      `${head}2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Twice: a\r\nX-Twice: b\r\nAuthorization: mine\r\nHost: other\r\n\r\n`,
    );
    const [{ headers, rawTrailers }] = server.seen as [(typeof server.seen)[0]];
    assert.equal(headers.trailer, "X-Sum, X-Twice");
    assert.deepEqual(rawTrailers, ["X-Sum", "1", "X-Twice", "a", "X-Twice", "b"]);
    assert.equal(headers.authorization, `Bearer ${SECRET}`);
  });

  test("of a response reach the code, which is asked whether it takes them", async (t) => {
    const server = await serverBy(t, trusted, (_request, response) => {
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("ok");
      response.addTrailers({ "X-Sum": "1" });
      response.end();
    });
    const { egress } = egressTo(t, server.port);
    const answer = await exchange(egress, server.port, GET.replace("close", "close, TE\r\nTE: gzip, trailers"));
    assert.match(answer, /\r\nTrailer: X-Sum\r\n[^]*\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n$/i);
    assert.equal(server.seen[0]!.headers.te, "trailers");
    assert.match(await exchange(egress, server.port, GET), /X-Sum: 1\r\n\r\n$/);
    assert.equal(server.seen[1]!.headers.te, undefined);
  });

  test("are left out where there is no place for them", async (t) => {
    const port = await rawServer(t, (socket) =>
      socket.once("data", (request: Buffer) => {
        const body = request.toString().startsWith("HEAD") ? "" : "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n";
        socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${body}`);
      }),
    );
    const { egress } = egressTo(t, port);
    assert.match(await exchange(egress, port, GET.replace("1.1", "1.0")), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    assert.match(await exchange(egress, port, GET.replace("GET", "HEAD")), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  });

  test("beyond the limit of a head end the exchange, at either end", async (t) => {
    const trailers = `0\r\nX-Long: ${"x".repeat(40_000)}\r\n\r\n`;
    const server = await serverBy(t, trusted, async (request, response) => {
      await text(request).catch(() => undefined);
      response.end();
    });
    const { egress, told } = egressTo(t, server.port);
    const head = "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert.match(await exchange(egress, server.port, `${head}2\r\nok\r\n${trailers}`), /^HTTP\/1\.1 400 /);
    assert.match(told.join(), /Header overflow/);
    const port = await rawServer(t, (socket) =>
      socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n${trailers}`)),
    );
    const { egress: other } = egressTo(t, port);
    const cut = await exchange(other, port, GET);
    assert.doesNotMatch(cut, /0\r\n\r\n$/);
    assert.ok(cut.length < 1_000);
  });
});

describe("a server that answers in parts or wrongly", () => {
  const answering = async (t: Parameters<typeof egressTo>[0], answer: string | ((write: (text: string) => void) => void)) => {
    const port = await rawServer(t, (socket) =>
      socket.once("data", () => (typeof answer === "string" ? socket.end(answer) : answer((each) => socket.write(each)))),
    );
    return { ...egressTo(t, port), port };
  };

  test("has what comes before its response passed on, but not any number of it", async (t) => {
    const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: link2\r\nLink2: x\r\n\r\n";
    const { egress, port } = await answering(
      t,
      `HTTP/1.1 100 Continue\r\n\r\n${hint.repeat(2_000)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
    );
    const answer = await exchange(egress, port, GET);
    assert.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n\r\n/);
    assert.match(answer, /\r\n\r\nok$/);
    assert.equal(answer.split("HTTP/1.1 103").length - 1, 16);
    assert.doesNotMatch(await exchange(egress, port, GET.replace("1.1", "1.0")), / 103 /);
  });

  const wrong: [what: string, answer: string, reason: RegExp][] = [
    ["a head without end", `HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(40_000)}`, /Header overflow/],
    ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx", /Transfer-Encoding other than chunked/],
    [
      "a length and a coding",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
      /Parse Error/,
    ],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", /Parse Error/],
    ["what is no HTTP", "220 hello\r\n", /Parse Error/],
    ["an end before its answer", "", /closed the connection|socket hang up/],
  ];
  for (const [what, answer, reason] of wrong)
    test(`${what} is told to the code, without the secret`, async (t) => {
      const { egress, port, told } = await answering(t, answer);
      const got = await exchange(egress, port, GET);
      assert.match(got, /^HTTP\/1\.1 502 /);
      assert.match(got, reason);
      assert.match(told.join(), reason);
      assert.doesNotMatch(got + told.join(), new RegExp(SECRET));
    });

  test("a second answer to one request is nobody's", async (t) => {
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    const port = await rawServer(t, (socket) => socket.on("data", () => socket.write(`${answer}ok${answer}no`)));
    const { egress } = egressTo(t, port);
    const got = await exchange(egress, port, `GET / HTTP/1.1\r\nHost: ${API}:${port}\r\n\r\n${GET}`);
    assert.doesNotMatch(got, /\r\n\r\nno/);
  });
});
