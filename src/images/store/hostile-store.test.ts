/**
 * A store whose web server is hostile: it breaks replies in as many ways as possible. A pull either ends with the complete image or with an
 * error of the table, writes nothing outside its cache, and uses little memory.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { MayflyError } from "../../base/errors/error.ts";
import { imageAt, isComplete } from "../image.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { pullImage } from "./pull-image.ts";
import { pushImage } from "./push-image.ts";
import { bytesOf, makeImage } from "./testing/make-image.ts";
import { openStore } from "./open-store.ts";
import { listening } from "../../base/testing/listening.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-hostile-store-"));
after(() => rmSync(scratch, { recursive: true }));
const folder = join(scratch, "store");
const here = join(scratch, "here");
const image = await makeImage(here, { "bin/program": bytesOf("program", 400_000) });
const progress = () => {};
await pushImage({ cacheDir: here, image, name: "thing", store: openStore(folder), progress });

const seed = seedOf();
const ZEROES = Buffer.alloc(1 << 20);

test(`pulls from a hostile web server end with the whole image or an error of the table (seed ${seed})`, { timeout: 300_000 }, async () => {
  const random = new Random(seed);
  const codes = new Set<string>();
  for (let run = 0; run < 40; run++) {
    // Some servers break only one reply.
    const rarity = random.pick([1, 4, 12]);
    await using server = await serve((socket, path) => {
      if (random.below(rarity) === 0) random.pick(replies)(socket, bodyOf(path), random);
      else sound(socket, bodyOf(path));
    });
    const cacheDir = join(scratch, `cache-${run}`);
    const outcome = await pullImage({ cacheDir, name: "thing", store: openStore(server.url), mostBytes: 2 ** 26, progress }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const pulled = imageAt(cacheDir, image.id);
    if (outcome === undefined) assert.ok(readFileSync(pulled.root).equals(readFileSync(image.root)));
    else {
      assert.ok(outcome instanceof MayflyError, `run ${run}: ${(outcome as Error).stack ?? ""}`);
      assert.ok(!isComplete(pulled));
      codes.add(outcome.code);
    }
    rmSync(cacheDir, { recursive: true, force: true });
  }
  assert.deepEqual(readdirSync(scratch).toSorted(), ["here", "store"]);
  assert.ok(codes.has("store-damaged") && codes.has("store-unreachable"), [...codes].join(", "));
});

test("a part that unpacks to far more than a part may have is refused, and so is one that asks for much memory", async () => {
  const bomb = zstdCompressSync(Buffer.alloc(200 << 20));
  await using server = await serve((socket, path) => sound(socket, path.includes("chunks") ? bomb : bodyOf(path)));
  const pull = pullImage({ cacheDir: join(scratch, "bomb"), name: "thing", store: openStore(server.url), mostBytes: 2 ** 26, progress });
  await assert.rejects(pull, (error: MayflyError) => error.code === "store-damaged");
  rmSync(join(scratch, "bomb"), { recursive: true });
});

function bodyOf(path: string): Buffer | undefined {
  const file = join(folder, path);
  return file.startsWith(folder) && existsSync(file) ? readFileSync(file) : undefined;
}

type Reply = (socket: Socket, body: Buffer | undefined, random: Random) => void;

function head(status: string, headers: string): string {
  return `HTTP/1.1 ${status}\r\n${headers}connection: close\r\n\r\n`;
}

function sound(socket: Socket, body: Buffer | undefined): void {
  if (body === undefined) return void socket.end(head("404 Not Found", "content-length: 0\r\n"));
  socket.write(head("200 OK", `content-length: ${body.length}\r\n`));
  socket.end(body);
}

const replies: Reply[] = [
  (socket) => socket.destroy(),
  (socket) => socket.end("HTTP/1.1 000 X\r\n\r\n"),
  (socket) => socket.end("nonsense\r\n\r\n"),
  (socket) => socket.end(head("200 OK", "content-length: 0\r\n")),
  (socket) => socket.end(head("302 Found", "location: file:///etc/shadow\r\ncontent-length: 0\r\n")),
  (socket) => socket.end(head("302 Found", "location: http://127.0.0.1:1/\u009b2J\r\ncontent-length: 0\r\n")),
  (socket) => socket.end(head("206 Partial Content", "content-length: 3\r\n") + "abc"),
  (socket) => socket.end(head("418 No", "content-length: 0\r\n")),
  (socket) => socket.end(head("200 OK", `x: ${"y".repeat(100_000)}\r\n`)),
  (socket) => endless(socket, head("200 OK", "")),
  (socket) => endless(socket, head("200 OK", "transfer-encoding: chunked\r\n")),
  (socket) => endless(socket, head("200 OK", "content-length: 9007199254740991\r\n")),
  (socket) => socket.end(Buffer.concat([Buffer.from(head("200 OK", "content-encoding: gzip\r\n")), gzipSync(Buffer.alloc(100 << 20))])),
  (socket) => socket.end(Buffer.concat([Buffer.from(head("200 OK", "content-encoding: gzip\r\n")), Buffer.from("nonsense")])),
  (socket, body, random) => sound(socket, random.damaged(body ?? Buffer.from("x"))),
  (socket, body, random) => sound(socket, random.damaged(body ?? Buffer.from("x"))),
  (socket, _body, random) => sound(socket, random.bytes(random.below(500))),
  (socket, body) => {
    socket.write(head("200 OK", `content-length: ${(body?.length ?? 0) + 100}\r\n`));
    socket.end(body ?? "");
  },
];

function endless(socket: Socket, start: string): void {
  socket.write(start);
  const more = () => {
    while (!socket.destroyed && socket.write(ZEROES));
  };
  socket.on("drain", more);
  more();
}

async function serve(reply: (socket: Socket, path: string) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => reply(socket, /^\S+ \/(\S*) /.exec(bytes.toString("latin1"))?.[1] ?? ""));
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
