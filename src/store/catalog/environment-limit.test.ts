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
  const message = bindMessage(version, code, { S: secret });
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
  const functions = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`f${at}`, { entry: "a.ts" }]));
  assert.throws(() => manifestOf({ functions }), { code: "bad-manifest" });
});

test("the key __proto__ is refused, wherever it stands, and not silently dropped", () => {
  const text = (inner: string) => `{"name":"shop","functions":{"main":{"entry":"a.ts"}}${inner}}`;
  for (const inner of [
    ',"env":{"__proto__":"p"}',
    ',"hosts":{"__proto__":"main"}',
    ',"__proto__":{}',
    ',"network":{"egress":true,"allow":[],"__proto__":1}',
  ])
    assert.throws(() => parseManifest(text(inner), "mayfly.json"), { code: "bad-manifest", message: /has the key __proto__/ }, inner);
  assert.throws(() => manifestOf({ secrets: ["__proto__"] }), { code: "bad-manifest", message: /secrets\.0 is / });
  assert.equal(manifestOf({ env: { constructor: "c", hasOwnProperty: "h" } }).env["constructor"], "c");
});
