/** Machines and servers that send anything and leave at any time, where the host stands between them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import tls from "node:tls";
import { Random, seedOf } from "../../base/testing/random.ts";
import { API, egressTo, exchange, own, rawServer, SECRET } from "./testing/ends.ts";

const ROUNDS = 300;

const requests = [
  "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
];
const responses = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nbytes",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 999 \r\nX: \u0001\r\n\r\n",
];

/** One of the texts, or several, with some bytes changed, and perhaps cut off. */
function anyOf(random: Random, texts: string[]): Buffer {
  const bytes = Buffer.from(Array.from({ length: 1 + random.below(3) }, () => random.pick(texts)).join(""), "latin1");
  for (let change = random.below(4); change > 0; change--) bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

test(
  "whatever both ends send, nothing throws past the host, the code never gets the secret, and the next request is served",
  { timeout: 120_000 },
  async (t) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    let isSound = false;
    const port = await rawServer(t, (socket) => {
      socket.on("data", () => {
        if (isSound) {
          socket.end(responses[0]!);
          return;
        }
        socket.write(anyOf(random, responses));
        if (random.chance(0.5)) socket.end();
        else if (random.chance(0.3)) socket.destroy();
      });
    });
    const { egress, told } = egressTo(t, port);
    const ca = await own.certificate();

    async function hostile(bytes: Buffer, leaves: boolean): Promise<string> {
      const socket = await egress.connect(API, port);
      const secure = tls.connect({ socket, servername: API, ca });
      const failed = new Promise<string>((resolve) => secure.on("error", () => resolve("")));
      const all = Promise.race([text(secure).catch(() => ""), failed]);
      secure.write(bytes);
      const later = setTimeout(() => (leaves ? socket.destroy() : secure.end()), random.below(40));
      const answer = await Promise.race([all, once(socket, "close").then(() => "")]);
      clearTimeout(later);
      socket.destroy();
      return answer;
    }

    const ofHost = (request: string) => request.replaceAll("HOST", `${API}:${port}`);
    for (let round = 0; round < ROUNDS; round += 10) {
      const ten = Array.from({ length: 10 }, () => hostile(anyOf(random, requests.map(ofHost)), random.chance(0.5)));
      for (const answer of await Promise.all(ten)) assert.ok(!answer.includes(SECRET));
    }
    assert.ok(!told.join().includes(SECRET));
    isSound = true;
    assert.match(await exchange(egress, port, requests[1]!), /^HTTP\/1\.1 200 OK[^]*ok$/);
  },
);
