/** Machines and servers that send anything and leave at any time, where the host stands between them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import tls from "node:tls";
import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { listening } from "../../base/testing/listening.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { certificateMaker } from "../../store/authority/make-certificate.ts";
import { openAuthority } from "../../store/authority/open-authority.ts";
import { createEgress } from "../create-egress.ts";
import { createNames } from "../names.ts";
import { withInjections } from "./injecting-egress.ts";

const API = "api.example.com";
const ROUNDS = 300;
const SECRET = "s3cret";

const requests = [
  "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
];
const responses = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
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
    const folder = mkdtempSync(join(tmpdir(), "mayfly-hostile-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const make = certificateMaker(loadConfig({}).cacheDir);
    const [own, trusted] = ["own.pem", "trusted.pem"].map((name) => openAuthority({ file: join(folder, name), make, clock: systemClock }));
    const usual = tls.getCACertificates("default");
    tls.setDefaultCACertificates([...usual, await trusted!.certificate()]);
    t.after(() => tls.setDefaultCACertificates(usual));
    let isSound = false;
    const server = tls.createServer(await trusted!.certificateOf(API), (socket) => {
      socket.on("error", () => {});
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
    const port = await listening(server);
    t.after(() => server.close());
    const allow = [`*.example.com:${port}`];
    const names = createNames(async () => [{ address: "127.0.0.1", family: 4 }]);
    const injection = { host: API, port, header: "authorization", value: SECRET, secret: "API_KEY" };
    const told: string[] = [];
    const egress = withInjections(createEgress({ allow, bound: allow, names }), [injection], {
      certificates: own!,
      tell: (line) => told.push(line),
    });
    t.after(() => egress.close());
    const ca = await own!.certificate();

    async function exchange(bytes: Buffer, leaves: boolean): Promise<string> {
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
      const ten = Array.from({ length: 10 }, () => exchange(anyOf(random, requests.map(ofHost)), random.chance(0.5)));
      for (const answer of await Promise.all(ten)) assert.ok(!answer.includes(SECRET));
    }
    assert.ok(!told.join().includes(SECRET));
    isSound = true;
    const socket = await egress.connect(API, port);
    const secure = tls.connect({ socket, servername: API, ca });
    secure.write(ofHost(requests[0]!));
    assert.match(await text(secure), /^HTTP\/1\.1 200 OK[^]*ok$/);
  },
);
