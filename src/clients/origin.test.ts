import { test } from "node:test";
import assert from "node:assert/strict";
import { clientKey, isRange, plainAddress, Ranges } from "../base/network/addresses.ts";
import { type Claims, originOf } from "./origin.ts";

const trusted = new Ranges(["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
const none: Claims = { for: "", proto: "", host: "" };

test("a client's own X-Forwarded headers are not believed", () => {
  const claims = { for: "6.6.6.6, 10.0.0.1", proto: "https", host: "evil.example" };
  assert.deepEqual(originOf("192.0.2.1", "http", claims, trusted), { chain: "192.0.2.1", proto: "http", host: undefined });
  assert.deepEqual(originOf("127.0.0.1", "http", claims, new Ranges([])), { chain: "127.0.0.1", proto: "http", host: undefined });
});

test("trusted proxies are believed from the right, as far as they vouch for each other", () => {
  const cases: [string, string, string][] = [
    // peer; X-Forwarded-For; what the function sees
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "192.0.2.1", "192.0.2.1, 10.0.0.1"],
    ["10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1, 10.0.0.1"],
    ["10.0.0.1", "6.6.6.6,192.0.2.1 , 10.9.9.9", "192.0.2.1, 10.9.9.9, 10.0.0.1"],
    ["10.0.0.1", "10.1.1.1", "10.1.1.1, 10.0.0.1"],
    ["10.0.0.1", "192.0.2.1:4711", "192.0.2.1, 10.0.0.1"],
    ["10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1, 10.0.0.1"],
    ["10.0.0.1", "2001:DB8::1", "2001:db8::1, 10.0.0.1"],
    ["10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1, 10.0.0.1"],
    ["fd00::1", "fe80::1%eth0", "fe80::1, fd00::1"],
    ["10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"],
    ["10.0.0.1", "192.0.2.1, _hidden", "10.0.0.1"],
    ["10.0.0.1", "192.0.2.1,", "10.0.0.1"],
    ["10.0.0.1", "1.2.3", "10.0.0.1"],
    ["10.0.0.1", "192.0.2.1, 6.6.6.6\t", "6.6.6.6, 10.0.0.1"],
  ];
  for (const [peer, forwardedFor, chain] of cases) {
    assert.equal(originOf(peer, "http", { ...none, for: forwardedFor }, trusted).chain, chain, `${peer} with ${forwardedFor}`);
  }
  const long = Array.from({ length: 5_000 }, () => "10.0.0.2").join(",");
  assert.ok(originOf("10.0.0.1", "http", { ...none, for: long }, trusted).chain.length < 1_000);
});

test("proto and host are taken from the outermost trusted proxy", () => {
  const cases: [string, string, string][] = [
    // X-Forwarded-For, -Proto, result
    ["192.0.2.1", "https", "https"],
    ["192.0.2.1", "https, http", "http"],
    ["192.0.2.1, 10.0.0.9", "https, http", "https"],
    ["192.0.2.1, 10.0.0.9", "http, https, http", "https"],
    ["192.0.2.1, 10.0.0.9", "https", "https"],
    ["192.0.2.1", "HTTPS", "https"],
    ["192.0.2.1", "gopher", "http"],
    ["192.0.2.1", "", "http"],
  ];
  for (const [forwardedFor, proto, expected] of cases) {
    assert.equal(
      originOf("10.0.0.1", "http", { for: forwardedFor, proto, host: "" }, trusted).proto,
      expected,
      `${forwardedFor}: ${proto}`,
    );
  }
  assert.equal(
    originOf("10.0.0.1", "http", { for: "192.0.2.1", proto: "", host: "evil.example, shop.example" }, trusted).host,
    "shop.example",
  );
});

test("ranges and addresses have one form", () => {
  const cases: [string, boolean][] = [
    ["127.0.0.1/32", true],
    ["::1", true],
    ["fd00::/8", true],
    ["::ffff:10.0.0.1", true],
    ["10.0.0.0/33", false],
    ["10.0.0/8", false],
    ["fd00::/129", false],
    ["localhost", false],
    ["", false],
    ["10.0.0.0/8/8", false],
    ["10.0.0.0/-1", false],
  ];
  for (const [text, good] of cases) assert.equal(isRange(text), good, text);
  assert.equal(plainAddress("::FFFF:1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("0x7f000001"), undefined);
  assert.ok(trusted.has("10.255.255.255") && !trusted.has("11.0.0.0") && !trusted.has("unknown"));
  assert.equal(clientKey("2001:db8:0:1::5"), clientKey("2001:db8:0:1:ffff:ffff:ffff:ffff"));
  assert.notEqual(clientKey("2001:db8:0:1::5"), clientKey("2001:db8:0:2::5"));
  assert.equal(clientKey("::1"), "0:0:0:0");
  assert.equal(clientKey("192.0.2.1"), "192.0.2.1");
});
