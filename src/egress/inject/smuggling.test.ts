/** Requests that are meant to be read otherwise by the server than by the host, so that one with the secret becomes part of another. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { Random, seedOf } from "../../base/testing/random.ts";
import { API, egressTo, exchange, type Scope, SECRET, serverBy, trusted } from "./testing/ends.ts";

/** Where it is read as a request, it is one of its own. */
const INNER = "GET /smuggled HTTP/1.1\r\nHost: other.example.com\r\n\r\n";
const many = (count: number) => Array.from({ length: count }, (_, at) => `a${at % 10}: \r\n`).join("");
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** Reads as leniently as it can, and every header. */
async function lenientServer(t: Scope) {
  const bodies: string[] = [];
  const found = await serverBy(
    t,
    trusted,
    async (request, response) => {
      bodies.push(await text(request).catch(() => "cut off"));
      response.end();
    },
    { insecureHTTPParser: true, requireHostHeader: false },
  );
  found.server.maxHeadersCount = 0;
  return { ...found, bodies };
}

function assertProper(seen: IncomingMessage[], port: number): void {
  for (const { rawHeaders, rawTrailers, headers, url } of seen) {
    assert.notEqual(url, "/smuggled");
    assert.equal(headers.host, `${API}:${port}`);
    assert.equal(headers.authorization, `Bearer ${SECRET}`);
    const names = [...rawHeaders, ...rawTrailers].filter((_each, at) => at % 2 === 0).map((name) => name.toLowerCase());
    for (const once of ["host", "authorization"]) assert.equal(names.filter((name) => name === once).length, 1, once);
  }
}

const passed: [what: string, request: string, body: string][] = [
  ["a length with zeros before it", "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Length: 0005\r\n\r\nhello", "hello"],
  [
    "a list of what ends at the neighbour",
    "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close, host, content-length, transfer-encoding, authorization\r\nAUTHORIZATION: mine\r\nauthorization: mine\r\nContent-Length: 5\r\n\r\nhello",
    "hello",
  ],
  [
    "trailers that a server may take for headers",
    "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nAuthorization: mine\r\nHost: other\r\nX-Sum: 1\r\n\r\n",
    "hello",
  ],
  [
    "an upgrade to what is no WebSocket, with a body",
    "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello",
    "hello",
  ],
  [
    "a WebSocket's request with a body",
    `GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
    INNER,
  ],
  [
    "a request that waits to be told to go on",
    "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "hello",
  ],
  ["a host with a dot at its end", `GET / HTTP/1.1\r\nHost: ${API}.:PORT\r\nConnection: close\r\n\r\n`, ""],
  ["a path that begins like an address", "GET //other.example.com/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", ""],
];

const refused: [what: string, request: string][] = [
  // Older versions of Node passed a request on without the headers beyond the thousandth.
  [
    "a coding behind a thousand headers",
    `GET / HTTP/1.1\r\nHost: HOST\r\n${many(1_200)}Transfer-Encoding: chunked\r\n\r\n${chunked(INNER)}`,
  ],
  ["a length behind a thousand headers", `DELETE / HTTP/1.1\r\nHost: HOST\r\n${many(1_200)}Content-Length: 5\r\n\r\nhello`],
  ["a second host behind a thousand headers", `GET / HTTP/1.1\r\nHost: HOST\r\n${many(1_200)}Host: other\r\n\r\n`],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP/0.9", "GET /\r\n\r\n"],
  ["another port", `GET / HTTP/1.1\r\nHost: ${API}:443\r\n\r\n`],
  ["no port", `GET / HTTP/1.1\r\nHost: ${API}\r\n\r\n`],
  ["a user in the host", "GET / HTTP/1.1\r\nHost: HOST@other.example.com\r\n\r\n"],
  ["two names in the host", "GET / HTTP/1.1\r\nHost: HOST, other.example.com\r\n\r\n"],
  ["a name that ends with the host", "GET / HTTP/1.1\r\nHost: x.HOST\r\n\r\n"],
  ["a target without a slash", "GET other HTTP/1.1\r\nHost: HOST\r\n\r\n"],
  ["an absolute target of the host", "GET https://HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n"],
  ["two different lengths", `POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`],
  ["two equal lengths", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"],
  ["a list of lengths", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5, 5\r\n\r\nhello"],
  ["a length with a sign", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: +5\r\n\r\nhello"],
  ["a hexadecimal length", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x5\r\n\r\nhello"],
  ["a length and a coding", `POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(INNER)}`],
  ["a coding twice", `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(INNER)}`],
  ["a coding that nobody has", `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n${chunked(INNER)}`],
  ["a coding with a parameter", `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked;q=1\r\n\r\n${chunked(INNER)}`],
  ["no coding by name", `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: identity\r\n\r\n${INNER}`],
  ["a space before a colon", `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked\r\n\r\n${chunked(INNER)}`],
  [
    "a line that goes on in a coding",
    `POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n${chunked(INNER)}`,
  ],
  ["lines that end with LF alone", "GET / HTTP/1.1\nHost: HOST\n\n"],
  ["a CR alone in a value", "GET / HTTP/1.1\r\nHost: HOST\r\nX-A: a\rAuthorization: mine\r\n\r\n"],
  ["a zero in a value", "GET / HTTP/1.1\r\nHost: HOST\r\nX-A: a\u0000b\r\n\r\n"],
  ["a LF in a chunk's extension", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n"],
  ["another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
];

describe("a request that is odd and means one thing", () => {
  for (const [what, request, body] of passed)
    test(`${what} reaches the server as that`, async (t) => {
      const server = await lenientServer(t);
      const { egress } = egressTo(t, server.port);
      await exchange(egress, server.port, request.replaceAll("PORT", String(server.port)));
      assertProper(server.seen, server.port);
      assert.deepEqual(server.bodies, [body]);
    });
});

describe("a request that may be read in two ways", () => {
  for (const [what, request] of refused)
    test(`${what} reaches no server`, async (t) => {
      const server = await lenientServer(t);
      const { egress, told } = egressTo(t, server.port);
      assert.match(await exchange(egress, server.port, request), /^(HTTP\/1\.1 (400|502) |$)/);
      // A body that cannot be read to its end may follow a head that could be.
      assert.ok(server.bodies.every((body) => body === "cut off"));
      assertProper(server.seen, server.port);
      assert.doesNotMatch(told.join(), new RegExp(SECRET));
    });
});

test("no heads of any odd lines smuggle a request", { timeout: 300_000 }, async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const lines = [
    "Content-Length: 0",
    "Content-Length: 5",
    `Content-Length: ${INNER.length}`,
    "Content-Length : 5",
    "Content-Length:",
    " 5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding:\tchunked",
    "transfer-encoding: gzip",
    "Transfer-Encoding:",
    "\tchunked",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Connection: close",
    "Connection: host",
    "Expect: 100-continue",
    "Host: other",
    "Authorization: mine",
    "Trailer: host",
    "TE: trailers",
    "X-A: 1\r",
    "X-B\u0000: 1",
    ": 1",
    `X-C: ${INNER}`,
  ];
  const server = await lenientServer(t);
  const { egress } = egressTo(t, server.port);
  for (let round = 0; round < 15; round++) {
    const requests = Array.from({ length: 10 }, () => {
      const head = Array.from({ length: random.below(5) }, () => random.pick(lines)).join("\r\n");
      const first = `${random.pick(["GET", "POST", "DELETE", "OPTIONS"])} / HTTP/1.${random.pick(["0", "1"])}\r\nHost: HOST\r\n`;
      const filled = random.chance(0.2) ? many(1_100) : "";
      const body = random.pick([INNER, chunked(INNER), ""]);
      return `${first}${filled}${head}${head === "" ? "" : "\r\n"}\r\n${body}`;
    });
    // Many are never answered: they lack their end.
    const answers = requests.map((request) => exchange(egress, server.port, request));
    await Promise.all(answers.map((answer) => Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 400))])));
  }
  assert.ok(server.seen.length > 0);
  assertProper(server.seen, server.port);
});
