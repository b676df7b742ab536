import assert from "node:assert/strict";
import { test } from "node:test";
import { bindMessage } from "../../fleet/bind-message.ts";
import { Limit } from "../../wire/protocol.ts";
import { tooMuchEnvironment } from "./environment-limit.ts";
import { parseManifest } from "./parse-manifest.ts";

const manifestOf = (more: object) =>
  parseManifest(JSON.stringify({ name: "shop", functions: { main: { entry: "a.ts" } }, ...more }), "mayfly.json");

test("the largest env, secrets and functions that are accepted fit into what a machine is told, whatever else it is told", () => {
  const name = "a".repeat(40);
  const handler = "h".repeat(1_000);
  const functions = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, { entry: "a.ts", handler }]));
  let secret = "";
  const manifest = manifestOf({ name, functions });
  while (tooMuchEnvironment(manifest, { S: `${secret}\u0000ä"` }) === undefined) secret += '\u0000ä"'.repeat(50);
  const version = { app: name, id: "f".repeat(64), created: Date.now(), manifest } as unknown as Parameters<typeof bindMessage>[0];
  const code = Object.keys(functions).map((each) => ({ function: each, format: "cjs" as const, bytes: 10 }));
  const message = bindMessage(version, { functions: code, files: { list: Limit.code, bytes: Limit.code } }, { S: secret }, { now: 0 });
  const bytes = Buffer.byteLength(JSON.stringify({ ...message, preload: name }));
  assert.ok(bytes < Limit.payload - 4, `${bytes}`);
  assert.ok(bytes > Limit.payload - 10_000, `${bytes}`);
});

test("a manifest that is too large to be told to a machine is refused when it is read", () => {
  const env = { BIG: "x".repeat(200_000) };
  assert.throws(() => manifestOf({ env }), {
    code: "bad-manifest",
    message: /env, secrets and functions together take 2\d+ bytes, and at most \d+ are possible/,
  });
  const handler = "h".repeat(1_000);
  const functions = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`f${at}`, { entry: "a.ts", handler }]));
  assert.throws(() => manifestOf({ functions }), { code: "bad-manifest", message: /functions together take 2\d+ bytes/ });
});
