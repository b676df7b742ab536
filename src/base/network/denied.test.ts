import { test } from "node:test";
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { denialOf } from "./denied.ts";
import { parseIp, type Ip } from "./ip.ts";

const refused: Record<string, string[]> = {
  "an address of this network": ["0.0.0.0", "0.0.0.1", "0.255.255.255"],
  "a private address": [
    "10.0.0.0",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
    "fc00::",
    "fd12:3456::1",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ],
  "a shared (carrier) address": ["100.64.0.0", "100.127.255.255"],
  "a loopback address": ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"],
  "a link-local address": ["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::", "fe80::1", "febf:ffff::1"],
  "a reserved address": ["192.0.0.0", "192.0.0.255", "192.88.99.1", "240.0.0.0", "255.255.255.254", "2001:10::1", "2001:1ff:ffff::1"],
  "a documentation address": ["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "2001:db8:ffff::", "3fff::1", "3fff:fff::1"],
  "a benchmarking address": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
  "a multicast address": ["224.0.0.1", "239.255.255.255", "ff02::1", "ffff::1"],
  "the broadcast address": ["255.255.255.255"],
  "the unspecified address": ["::"],
  "a site-local address": ["fec0::1", "feff::1"],
  "no global address": ["100::1", "64:ff9b:1::1", "::ffff:0:127.0.0.1", "4000::1", "5f00::1", "200::1", "::2:0:0:1"],
};

/** Addresses next to each refused range, and in the middle of what remains. */
const reachable = [
  "1.0.0.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.0.3.0",
  "192.88.98.255",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "198.51.99.255",
  "203.0.114.0",
  "223.255.255.255",
  "2000::1",
  "2001:200::1",
  "2001:db7:ffff::1",
  "2001:db9::1",
  "2606:4700::1111",
  "2a00::1",
  "3ffe::1",
  "3fff:1000::1",
];

for (const [name, addresses] of Object.entries(refused))
  test(`refused as ${name}: ${addresses.join(", ")}`, () => {
    for (const address of addresses) assert.equal(denialOf(ip(address)), name, address);
  });

test("the addresses beside these ranges are reachable", () => {
  for (const address of reachable) assert.equal(denialOf(ip(address)), undefined, address);
});

test("IPv6 forms of an IPv4 address are refused and reachable as it is", () => {
  for (const [v4, expected] of [
    ["127.0.0.1", true],
    ["10.1.2.3", true],
    ["169.254.169.254", true],
    ["224.0.0.1", true],
    ["8.8.8.8", false],
  ] as const)
    for (const form of formsOf(v4)) assert.equal(denialOf(ip(form)) !== undefined, expected, form);
});

test("the host's own addresses are refused, whatever they are", () => {
  for (const addresses of Object.values(networkInterfaces()))
    for (const { address } of addresses ?? []) assert.ok(denialOf(ip(address)), address);
});

test("an address with a zone is no address", () => {
  assert.equal(parseIp("fe80::1%eth0"), undefined);
  assert.equal(parseIp("8.8.8.8%1"), undefined);
  assert.equal(parseIp("127.1"), undefined);
  assert.equal(parseIp("0x7f.0.0.1"), undefined);
});

function formsOf(v4: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = v4.split(".").map(Number);
  const hex = (high: number, low: number) => (high * 256 + low).toString(16);
  const groups = `${hex(a, b)}:${hex(c, d)}`;
  const flipped = `${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`;
  return [
    `::ffff:${v4}`,
    `::ffff:${groups}`,
    `0:0:0:0:0:ffff:${groups}`,
    `::${v4}`,
    `64:ff9b::${v4}`,
    `64:ff9b::${groups}`,
    `2002:${groups}::1`,
    `2002:${groups}::`,
    `2001:0:${groups}:0:0:f7f7:f7f7`,
    `2001:0:808:808:0:0:${flipped}`,
  ];
}

function ip(address: string): Ip {
  const parsed = parseIp(address);
  assert.ok(parsed, address);
  return parsed;
}
