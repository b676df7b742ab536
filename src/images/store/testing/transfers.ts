/** Images that travel between folders of the test file, and through a real web server that knows nothing about images. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after } from "node:test";
import type { MayflyError } from "../../../base/errors/error.ts";
import { descriptionFile, type Image } from "../../image.ts";
import { pullImage } from "../pull-image.ts";
import { pushImage } from "../push-image.ts";
import { bytesOf, makeImage } from "./make-image.ts";
import { openStore } from "../open-store.ts";
import { listening } from "../../../base/testing/listening.ts";

export const scratch = mkdtempSync(join(tmpdir(), "mayfly-store-"));
export const files = { "bin/program": bytesOf("program", 3_000_000), "etc/name": "one\n", "app/a/deep/file": "x".repeat(5_000) };
/** The cache that contains the image. */
export const here = join(scratch, "here");
export const image = await makeImage(here, files);
export const progress = (): void => undefined;

after(() => rmSync(scratch, { recursive: true }));

export function place(name: string): string {
  return join(scratch, name);
}

export function push(what: Image, store: string, name = "thing") {
  return pushImage({ cacheDir: here, image: what, name, store: openStore(store), progress });
}

export function pull(name: string, store: string, cacheDir: string) {
  return pullImage({ cacheDir, name, store: openStore(store), mostBytes: 2 ** 30, progress });
}

export function assertSame(one: Image, other: Image): void {
  for (const file of ["kernel", "initrd", "root"] as const) assert.ok(readFileSync(one[file]).equals(readFileSync(other[file])), file);
  assert.deepEqual(JSON.parse(readFileSync(descriptionFile(one), "utf8")), JSON.parse(readFileSync(descriptionFile(other), "utf8")));
  assert.ok(!existsSync(one.rootTree), "what was pulled is not unpacked");
}

export async function refused(work: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: MayflyError) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

type Handler = (root: string, request: IncomingMessage, response: ServerResponse) => unknown;

export async function serve(root: string, handler: Handler) {
  const server = createServer((request, response) => void handler(root, request, response));
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Serves files as any web server does. */
export async function answerFromFolder(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = join(root, request.url!);
  if (request.method === "PUT") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await buffer(request));
    return void response.writeHead(201).end();
  }
  if (!existsSync(file)) return void response.writeHead(404).end();
  const data = readFileSync(file);
  response.writeHead(200, { "content-length": data.length }).end(request.method === "HEAD" ? undefined : data);
}
