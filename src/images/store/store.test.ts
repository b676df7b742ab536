/** Images travel through real folders and a real web server. For refused images see refusals.test.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { imageAt, isComplete } from "../image.ts";
import { makeImage } from "./testing/make-image.ts";
import { answerFromFolder, assertSame, files, here, image, place, pull, push, refused, scratch, serve } from "./testing/transfers.ts";

test("an image that was pushed is pulled whole, by name and by id, and nothing travels twice", async () => {
  const folder = place("whole");
  const first = await push(image, folder);
  assert.equal(first.chunks.moved, first.chunks.all);
  const second = await push(image, folder);
  assert.equal(second.chunks.moved, 0);

  const there = place("there");
  const pulled = await pull("thing", folder, there);
  assert.equal(pulled.chunks.moved, first.chunks.all);
  assertSame(imageAt(there, image.id), image);
  assert.equal((await pull(image.id, folder, there)).chunks.moved, 0);
});

test("of an image with one changed file only the parts around it travel", async () => {
  const [folder, cache] = [place("changed"), place("changed-cache")];
  await push(image, folder);
  await pull("thing", folder, cache);
  const changed = await makeImage(here, { ...files, "etc/name": "another\n", "etc/more": "new\n" });
  const pushed = await push(changed, folder);
  assert.ok(pushed.chunks.moved <= 2, `${pushed.chunks.moved} of ${pushed.chunks.all} parts were pushed`);
  const pulled = await pull("thing", folder, cache);
  assert.deepEqual(pulled.chunks, pushed.chunks);
  assertSame(imageAt(cache, changed.id), changed);
});

test("a web server that serves the folder is a store; one that takes PUT can be pushed to", async () => {
  const folder = place("web");
  await using server = await serve(folder, answerFromFolder);
  await push(image, server.url);
  const cache = place("web-cache");
  await pull("thing", server.url, cache);
  assertSame(imageAt(cache, image.id), image);
});

test("a transfer that breaks off goes on where it was", async () => {
  const folder = place("breaks");
  await push(image, folder);
  let served = 0;
  const asked: string[] = [];
  await using server = await serve(folder, (root, request, response) => {
    asked.push(request.url!);
    // From the sixth chunk on, every connection ends in the middle of its reply.
    if (!request.url!.includes("/chunks/") || ++served <= 5) void answerFromFolder(root, request, response);
    else answerByHalf(root, request, response);
  });
  const cache = place("breaks-cache");
  await refused(pull("thing", server.url, cache), "store-unreachable", /terminated|closed|aborted|reset/);
  assert.ok(!isComplete(imageAt(cache, image.id)));
  const before = served;
  served = -Infinity;
  const rest = await pull("thing", server.url, cache);
  assert.ok(before > 5);
  assert.equal(rest.chunks.moved, rest.chunks.all - 5);
  assertSame(imageAt(cache, image.id), image);
});

test("a connection that breaks now and then is not noticed", async () => {
  const folder = place("flaky");
  await push(image, folder);
  const seen = new Set<string>();
  await using server = await serve(folder, (root, request, response) => {
    const again = seen.has(request.url!);
    seen.add(request.url!);
    if (again) void answerFromFolder(root, request, response);
    else response.destroy();
  });
  const cache = place("flaky-cache");
  await pull("thing", server.url, cache);
  assertSame(imageAt(cache, image.id), image);
});

test("missing files, redirects and refusals of a store are reported", async () => {
  const folder = place("says");
  await push(image, folder);
  await refused(pull("nothing", folder, place("says-cache")), "not-in-store", /image nothing/);
  await refused(pull("thing", join(scratch, "no-such-folder"), place("says-cache")), "store-unreachable", /no such folder/);
  await using redirecting = await serve(folder, (_, request, response) =>
    response.writeHead(302, { location: `http://elsewhere.example${request.url}` }).end(),
  );
  await refused(pull("thing", redirecting.url, place("says-cache")), "store-unreachable", /elsewhere\.example/);
  await using readOnly = await serve(folder, (root, request, response) =>
    request.method === "PUT" ? response.writeHead(405).end() : answerFromFolder(root, request, response),
  );
  await refused(push(image, readOnly.url, "another"), "store-unreachable", /takes no uploads/);
  await refused(pull("thing", "http://127.0.0.1:9", place("says-cache")), "store-unreachable", /ECONNREFUSED|bad port/);
});

test("a manifest appears only after all parts of its image", async () => {
  const folder = place("order");
  const order: string[] = [];
  await using server = await serve(folder, (root, request, response) => {
    if (request.method === "PUT") order.push(request.url!);
    return answerFromFolder(root, request, response);
  });
  await push(image, server.url);
  const firstManifest = order.findIndex((url) => url.startsWith("/images/"));
  assert.ok(firstManifest > 0);
  assert.ok(order.slice(firstManifest).every((url) => url.startsWith("/images/")));
});

function answerByHalf(root: string, request: IncomingMessage, response: ServerResponse): void {
  const data = readFileSync(join(root, request.url!));
  response.writeHead(200, { "content-length": data.length });
  response.write(data.subarray(0, data.length / 2), () => response.destroy());
}
