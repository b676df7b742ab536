import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { MayflyError } from "../base/errors/error.ts";
import { createEgress } from "./create-egress.ts";
import type { LookUp } from "./look-up.ts";
import { createNames, type Names } from "./names.ts";
import { listening } from "../base/testing/listening.ts";

async function listener(t: { after(cleanUp: () => void): void }): Promise<number> {
  const server = createServer((socket) => socket.on("error", hungUp).end("hello"));
  const port = await listening(server);
  t.after(() => server.close());
  return port;
}

/** Names answered by the one given function. */
function namesBy(lookUp: LookUp): Names {
  return createNames(lookUp);
}

/** Does nothing: the other end of a destroyed connection gets a reset, which is expected. */
function hungUp(): void {}

function refusal(reason: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MayflyError, String(error));
    assert.equal(error.code, "egress-denied");
    assert.match(error.message, reason);
    return true;
  };
}

describe("the allow list", () => {
  const cases: [entry: string, host: string, port: number, reached: boolean][] = [
    ["127.0.0.1:PORT", "127.0.0.1", 0, true],
    ["127.0.0.1:*", "127.0.0.1", 0, true],
    ["127.0.0.0/8:PORT", "127.0.0.1", 0, true],
    ["127.0.0.1:PORT", "::ffff:127.0.0.1", 0, true],
    ["localhost:PORT", "LOCALHOST", 0, true],
    ["localhost:PORT", "localhost.", 0, true],
    ["localhost:PORT", "127.0.0.1", 0, false],
    ["*.example:PORT", "a.example", 0, true],
    ["*.example:PORT", "A.b.Example.", 0, true],
    ["*.example:PORT", "example", 0, false],
    ["*.example:PORT", "a.xexample", 0, false],
    ["*.example:PORT", "a.example.org", 0, false],
    ["*.example:1", "a.example", 0, false],
    ["127.0.0.1:1", "127.0.0.1", 0, false],
    ["127.0.0.2:*", "127.0.0.1", 0, false],
    ["[::1]:*", "127.0.0.1", 0, false],
    ["10.0.0.0/8:*", "127.0.0.1", 0, false],
  ];
  for (const [entry, host, , reached] of cases)
    test(`${entry} ${reached ? "opens" : "does not open"} ${host}`, async (t) => {
      const port = await listener(t);
      const allow = [entry.replace("PORT", String(port))];
      const egress = createEgress({
        allow,
        bound: allow,
        names: namesBy(async () => [{ address: "127.0.0.1", family: 4 }]),
      });
      t.after(() => egress.close());
      if (reached) (await egress.connect(host, port)).destroy();
      else await assert.rejects(egress.connect(host, port), refusal(/a loopback address/));
    });

  test("* does not open Mayfly's own ports, but naming one does", async (t) => {
    const port = await listener(t);
    const ownPorts = () => [port];
    const wide = createEgress({ allow: ["127.0.0.1:*"], bound: ["127.0.0.1:*"], ownPorts });
    await assert.rejects(wide.connect("127.0.0.1", port), refusal(/: it is a loopback address/));
    await assert.rejects(wide.connect("::ffff:127.0.0.1", port), refusal(/: it is a loopback address \(127\.0\.0\.1\) in another form/));
    const half = createEgress({ allow: [`127.0.0.1:${port}`], bound: ["127.0.0.1:*"], ownPorts });
    await assert.rejects(half.connect("127.0.0.1", port), refusal(/: it is a loopback address/));
    const narrow = createEgress({ allow: [`127.0.0.1:${port}`], bound: [`127.0.0.1:${port}`], ownPorts });
    (await narrow.connect("127.0.0.1", port)).destroy();
  });

  test("refuses Mayfly's own ports with the same text as all others, so that they can't be found by trying", async (t) => {
    const port = await listener(t);
    const egress = createEgress({ allow: [], ownPorts: () => [port] });
    const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
    for (const host of new Set(["127.0.0.1", "127.8.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1", "::1", ...own])) {
      const said = (to: number) =>
        egress.connect(host, to).then(
          () => assert.fail(`${host}:${to} is open`),
          (error: Error) => error.message.replaceAll(String(to), "PORT"),
        );
      assert.equal(await said(port), await said(port - 1), host);
    }
  });

  test("opens nothing that is outside the operator's list", async (t) => {
    const port = await listener(t);
    const entry = `127.0.0.1:${port}`;
    for (const [allow, bound] of [
      [[entry], []],
      [[], [entry]],
      [[entry], [`127.0.0.1:${port + 1}`]],
      [[entry], [`127.0.0.2:${port}`]],
      [["localhost:*"], ["db.internal:*"]],
    ] as const) {
      const egress = createEgress({ allow: [...allow], bound: [...bound] });
      await assert.rejects(egress.connect("127.0.0.1", port), refusal(/a loopback address/));
      await assert.rejects(egress.connect("localhost", port), refusal(/a loopback address/));
    }
    const byRange = createEgress({ allow: ["localhost:*"], bound: ["127.0.0.0/8:*"] });
    (await byRange.connect("localhost", port)).destroy();
  });

  test("never opens the addresses of clouds' credentials, in any notation", async () => {
    const all = ["0.0.0.0/0:*", "[::]/0:*", "169.254.169.254:80", "metadata.example:80"];
    const egress = createEgress({
      allow: all,
      bound: all,
      attemptMs: 1,
      names: namesBy(async () => [{ address: "169.254.169.254", family: 4 }]),
    });
    for (const host of [
      "169.254.169.254",
      "169.254.170.2",
      "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe",
      "fd00:ec2::254",
      "fd20:ce::254",
      "100.100.100.200",
      "168.63.129.16",
      "192.0.0.192",
      "metadata.example",
    ])
      await assert.rejects(egress.connect(host, 80), refusal(/link-local|metadata|private|carrier|reserved/), host);
  });

  test("ignores invalid entries", async () => {
    const bad = ["nonsense", "127.0.0.1", "", "*", "127.0.0.1:x"];
    await assert.rejects(createEgress({ allow: bad, bound: bad }).connect("127.0.0.1", 80), refusal(/a loopback address/));
  });
});

describe("names", () => {
  test("are refused with the reason if all their addresses are refused", async () => {
    const egress = createEgress({ allow: [], names: namesBy(async () => [{ address: "10.0.0.1", family: 4 }]) });
    await assert.rejects(egress.connect("inside.example", 80), refusal(/inside\.example:80: it is a private address/));
    await assert.rejects(egress.resolve("inside.example", 0), refusal(/private/));
  });

  test("resolve to the allowed ones of their addresses", async () => {
    const answer = ["127.0.0.1", "8.8.4.4", "fe80::1", "2606:4700::1"].map((address) => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    const egress = createEgress({ allow: [], names: namesBy(async () => answer) });
    assert.deepEqual(await egress.resolve("mixed.example", 0), [
      { address: "8.8.4.4", family: 4 },
      { address: "2606:4700::1", family: 6 },
    ]);
    assert.deepEqual(await egress.resolve("mixed.example", 6), [{ address: "2606:4700::1", family: 6 }]);
  });

  test("that change between check and use (rebinding) are asked once: the connection goes to the checked address", async (t) => {
    const port = await listener(t);
    let asked = 0;
    const names = namesBy(async () => [{ address: asked++ === 0 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
    const egress = createEgress({ allow: [`127.0.0.1:${port}`], bound: [`127.0.0.1:${port}`], names });
    const socket = await egress.connect("rebinding.example", port);
    assert.equal(socket.remoteAddress, "127.0.0.1");
    assert.equal(asked, 1);
    socket.destroy();
  });

  test("that are invalid have no address and cause no query", async () => {
    const egress = createEgress({ allow: [] });
    for (const name of ["a b", "a\0b", "http://x", "", "fe80::1%lo", "a".repeat(300), "a".repeat(64), "a..b", ".", "é.example", "\ud800"]) {
      const notFound = { code: "ENOTFOUND", syscall: "getaddrinfo" };
      await assert.rejects(egress.connect(name, 80), notFound, name);
      await assert.rejects(egress.resolve(name, 0), notFound, name);
    }
  });

  test("written as odd numbers are looked up and checked like any other", async () => {
    const egress = createEgress({ allow: [] });
    for (const name of ["127.1", "0x7f000001", "2130706433", "0177.0.0.1"])
      await assert.rejects(egress.connect(name, 80), refusal(/loopback/));
  });
});

describe("limits", () => {
  test("a machine at its limit of connections gets another only after one closes", async (t) => {
    const port = await listener(t);
    const egress = createEgress({ allow: [`127.0.0.1:${port}`], bound: [`127.0.0.1:${port}`], connections: 2 });
    t.after(() => egress.close());
    const [first] = await Promise.all([egress.connect("127.0.0.1", port), egress.connect("127.0.0.1", port)]);
    await assert.rejects(egress.connect("127.0.0.1", port), { code: "egress-full", message: /the machine has 2 connections already/ });
    first.destroy();
    await once(first, "close");
    (await egress.connect("127.0.0.1", port)).destroy();
  });

  test("close ends every connection", async (t) => {
    const port = await listener(t);
    const egress = createEgress({ allow: [`127.0.0.1:${port}`], bound: [`127.0.0.1:${port}`] });
    const socket = await egress.connect("127.0.0.1", port);
    egress.close();
    assert.ok(socket.destroyed);
    await assert.rejects(egress.connect("127.0.0.1", port), /the machine is gone/);
  });

  test("ports that do not exist are refused", async () => {
    for (const port of [-1, 65_536, 1.5, Number.NaN])
      await assert.rejects(createEgress({ allow: [] }).connect("8.8.8.8", port), refusal(/no such port/));
  });

  test("a connection to port 0 of an allowed address is refused", async () => {
    await assert.rejects(createEgress({ allow: [] }).connect("8.8.8.8", 0), { code: "ECONNREFUSED" });
    await assert.rejects(createEgress({ allow: [] }).connect("10.0.0.1", 0), refusal(/private/));
  });
});

describe("an address with the name that a guest found it by", () => {
  const inside = { address: "10.1.2.3", family: 4 } as const;
  const own = { address: "127.0.0.1", family: 4 } as const;

  test("is opened by an entry for the name only where the name leads to it", async (t) => {
    const port = await listener(t);
    const allow = [`db.example:${port}`];
    const egress = createEgress({ allow, bound: allow, names: namesBy(async (name) => [name === "db.example" ? own : inside]) });
    (await egress.connect("127.0.0.1", port, undefined, "db.example")).destroy();
    await assert.rejects(
      egress.connect("10.1.2.3", port, undefined, "db.example"),
      refusal(/db\.example:\d+: 10\.1\.2\.3, which is a private address, is not its address/),
    );
    await assert.rejects(
      egress.connect("127.0.0.1", port, undefined, "other.example"),
      refusal(/other\.example:\d+: it is a loopback address/),
    );
    await assert.rejects(egress.connect("127.0.0.1", port), refusal(/a loopback address/));
    await assert.rejects(egress.connect("127.0.0.1", 1, undefined, "db.example"), refusal(/a loopback address/));
    await assert.rejects(egress.connect("no.address", port, undefined, "db.example"), refusal(/it is not an address/));
  });

  test("that clouds keep for themselves is open by no name", async () => {
    const allow = ["meta.example:80"];
    const names = namesBy(async () => [{ address: "169.254.169.254", family: 4 }]);
    await assert.rejects(
      createEgress({ allow, bound: allow, names }).connect("169.254.169.254", 80, undefined, "meta.example"),
      refusal(/link-local/),
    );
  });
});
