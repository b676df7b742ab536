import assert from "node:assert/strict";
import { test } from "node:test";
import { isPreflight, preflightHeaders, replyHeadersOf } from "./cors.ts";

const asking = (origin: string, more: Record<string, string> = {}) => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", ...more },
});
const dictionary = (list: string[]) => {
  const all: Record<string, string[]> = {};
  for (let at = 0; at < list.length; at += 2) (all[list[at]!] ??= []).push(list[at + 1]!);
  return all;
};

test("only a browser's question is a preflight", () => {
  assert.ok(isPreflight(asking("https://a.test")));
  assert.ok(!isPreflight({ ...asking("https://a.test"), method: "GET" }));
  assert.ok(!isPreflight({ method: "OPTIONS", headers: { origin: "https://a.test" } }));
  assert.ok(!isPreflight({ method: "OPTIONS", headers: { "access-control-request-method": "PUT" } }));
});

test("a preflight of a listed origin is told what it may send", () => {
  const rule = { origins: ["https://a.test"], methods: ["PUT"], headers: ["X-A"], exposeHeaders: ["x-b"], credentials: true, maxAgeS: 60 };
  assert.deepEqual(dictionary(preflightHeaders(rule, asking("https://a.test"))), {
    vary: ["Origin", "Access-Control-Request-Method, Access-Control-Request-Headers"],
    "access-control-allow-origin": ["https://a.test"],
    "access-control-allow-credentials": ["true"],
    "access-control-expose-headers": ["x-b"],
    "access-control-allow-methods": ["PUT"],
    "access-control-allow-headers": ["X-A"],
    "access-control-max-age": ["60"],
  });
});

test("origins are compared as they are: nothing that begins, ends or contains a listed one is let in, nor null", () => {
  const rule = { origins: ["https://a.test"], credentials: true };
  for (const origin of [
    "https://a.test.evil.test",
    "https://xa.test",
    "https://a.test:444",
    "http://a.test",
    "HTTPS://A.TEST",
    "null",
    "",
    "https://a.test, https://evil.test",
  ]) {
    assert.deepEqual(replyHeadersOf(rule, asking(origin)), ["vary", "Origin"], origin);
    assert.equal(dictionary(preflightHeaders(rule, asking(origin)))["access-control-allow-methods"], undefined, origin);
  }
});

test("* is told as *, and never with credentials", () => {
  assert.deepEqual(replyHeadersOf({ origins: "*" }, asking("https://any.test")), ["access-control-allow-origin", "*"]);
  assert.deepEqual(replyHeadersOf({ origins: "*" }, { method: "GET", headers: {} }), []);
});

test("without a list of headers, those that the page asks for are allowed, if they are names and not too long", () => {
  const allowed = (asked: string) =>
    dictionary(preflightHeaders({ origins: "*" }, asking("https://a.test", { "access-control-request-headers": asked })))[
      "access-control-allow-headers"
    ];
  assert.deepEqual(allowed("authorization, x-a"), ["authorization, x-a"]);
  assert.equal(allowed("x-a\u0000"), undefined);
  assert.equal(allowed("x a"), undefined);
  assert.equal(allowed("x".repeat(2_000)), undefined);
});
