import assert from "node:assert/strict";
import { test } from "node:test";
import { WrongCredentials } from "./wrong-credentials.ts";

function made(most?: number) {
  const clock = { ms: 5_000, now: () => clock.ms };
  return { clock, wrong: new WrongCredentials(clock, most) };
}

/** How many of so many wrong ones are answered as usual. */
function answered(wrong: WrongCredentials, address: string, count: number): number {
  return Array.from({ length: count }, () => wrong.count(address)).filter((waitS) => waitS === 0).length;
}

test("thirty wrong ones of an address are answered at once, and then one every two seconds", () => {
  const { clock, wrong } = made();
  assert.equal(wrong.waitS("192.0.2.1"), 0);
  assert.equal(answered(wrong, "192.0.2.1", 1_000), 30);
  assert.equal(wrong.waitS("192.0.2.1"), 2);
  clock.ms += 1_999;
  assert.equal(wrong.count("192.0.2.1"), 1, "the next is answered in a second");
  clock.ms += 1;
  assert.equal(answered(wrong, "192.0.2.1", 100), 1, "what was one too many has not made the wait longer");
  clock.ms += 20_000;
  assert.equal(answered(wrong, "192.0.2.1", 100), 10);
  clock.ms += 3_600_000;
  assert.equal(answered(wrong, "192.0.2.1", 100), 30);
});

test("addresses are counted apart, and an IPv6 network of 64 bits is one", () => {
  const { wrong } = made();
  answered(wrong, "192.0.2.1", 100);
  answered(wrong, "2001:db8:1:2::1", 100);
  assert.equal(wrong.count("192.0.2.2"), 0);
  assert.equal(wrong.count("2001:db8:1:3::1"), 0);
  assert.equal(wrong.count("2001:db8:1:2:ffff::9"), 2);
});

test("no more addresses are remembered than there is room for, and none whose wrong ones are forgotten", () => {
  const { clock, wrong } = made(100);
  answered(wrong, "192.0.2.1", 100);
  for (let at = 0; at < 50; at++) wrong.count(`198.51.100.${at}`);
  assert.equal(wrong.waitS("192.0.2.1"), 2);
  for (let at = 0; at < 1_000; at++) wrong.count(`10.0.${at >> 8}.${at & 255}`);
  assert.equal(wrong.size, 100);
  clock.ms += 60_000;
  wrong.count("203.0.113.1");
  assert.equal(wrong.size, 1);
});
