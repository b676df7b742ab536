import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { checkPath, isSigned, signPath } from "./signed-path.ts";

const key = randomBytes(32);
const call = { function: "invoice", method: "GET", path: "/2026/11?full=1" };
const END_S = 1_800_000_000;
const before = END_S * 1_000 - 1;
const verdict = (path: string, more: Partial<typeof call> = {}, now = before) => checkPath(key, { ...call, path, ...more }, now);

test("a signed path is good until its end, and the function sees the path that was signed", () => {
  for (const path of ["/", "/a", "/2026/11?full=1", "/a?b&c", "/?", "/a?mayfly-expires=1"]) {
    const signed = signPath(key, { ...call, path }, END_S);
    assert.ok(isSigned(signed));
    assert.deepEqual(verdict(signed), { is: "good", path });
    assert.deepEqual(verdict(signed, {}, END_S * 1_000), { is: "expired" });
  }
  assert.ok(!isSigned("/2026/11?full=1"));
});

test("nothing of the call can be changed: neither method, nor function, nor path, nor query, nor end", () => {
  const signed = signPath(key, call, END_S);
  assert.equal(verdict(signed).is, "good");
  for (const more of [{ method: "POST" }, { method: "HEAD" }, { method: "get" }, { function: "invoices" }])
    assert.equal(verdict(signed, more).is, "bad", JSON.stringify(more));
  for (const path of [
    signed.replace("/2026/11", "/2026/12"),
    signed.replace("full=1", "full=2"),
    signed.replace("full=1", "full=1&admin=1"),
    signed.replace(String(END_S), String(END_S + 1)),
    signed.replace(String(END_S), `0${END_S}`),
    `${signed}&admin=1`,
    `${signed}#x`,
    signed.slice(0, -1),
    signed.replace(/mayfly-signature=.*/, "mayfly-signature="),
    signed.replace("mayfly-signature=", "mayfly-signature=A"),
    signed.replace(/&mayfly-signature=.*/, ""),
    `/mayfly-signature${signed}`,
  ])
    assert.equal(verdict(path).is, "bad", path);
});

test("a signature by another key, or of an app that has none, is bad", () => {
  const signed = signPath(key, call, END_S);
  assert.deepEqual(checkPath(randomBytes(32), { ...call, path: signed }, before), { is: "bad" });
  assert.deepEqual(checkPath(undefined, { ...call, path: signed }, before), { is: "bad" });
});

test("each character of the signature counts", () => {
  const signed = signPath(key, call, END_S);
  const from = signed.indexOf("mayfly-signature=") + "mayfly-signature=".length;
  // The last character has two bits that no byte holds: base64url reads several spellings as the same bytes.
  for (let at = from; at < signed.length - 1; at++) {
    const other = signed[at] === "A" ? "B" : "A";
    assert.equal(verdict(signed.slice(0, at) + other + signed.slice(at + 1)).is, "bad", `character ${at - from}`);
  }
});
