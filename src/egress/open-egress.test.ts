import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { listening } from "../base/testing/listening.ts";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import type { Egress } from "./egress.ts";
import { openEgress } from "./open-egress.ts";
import { type Reached, ReachedLog } from "./reached-log.ts";

const certificates = { certificateOf: () => Promise.reject(new Error("nobody asks")) };

test("an app's mounts reach the servers that the app and the operator list, by these names, and nothing else", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  const port = await listening(server);
  t.after(() => server.close());
  const own = `127.0.0.1:${port}`;
  const egress = openEgress({
    bound: [own, "10.0.0.7:2049"],
    ownPorts: () => [],
    certificates,
    connections: 100,
    clock: systemClock,
  }).ofMounts("shop", [own, "10.0.0.8:2049"]);
  t.after(() => egress.close());
  const socket = await egress.connect("127.0.0.1", port);
  assert.equal((await once(socket, "data"))[0].toString(), "hello");
  // The operator's alone, the app's alone, another port, and a public address.
  for (const [host, other] of [
    ["10.0.0.7", 2_049],
    ["10.0.0.8", 2_049],
    ["127.0.0.1", port + 1],
    ["9.9.9.9", 2_049],
  ] as const)
    await assert.rejects(egress.connect(host, other), { code: "egress-denied" }, `${host}:${other}`);
});

test("the operator must list a mount's server, even one with a public address", () => {
  const egress = openEgress({
    bound: ["*.nfs.internal:2049", "9.9.9.9:2049"],
    ownPorts: () => [],
    certificates,
    connections: 100,
    clock: systemClock,
  });
  assert.deepEqual(egress.problemsOfServers(["a.nfs.internal:2049", "9.9.9.9:2049"]), []);
  assert.deepEqual(
    egress
      .problemsOfServers(["8.8.8.8:2049", "a.nfs.internal:20048", "169.254.169.254:2049"])
      .map((text) => text.split(" ").slice(0, 4).join(" ")),
    ['"8.8.8.8:2049" is not in', '"a.nfs.internal:20048" is not in', '"169.254.169.254:2049" is where clouds'],
  );
});

test("an app that opens all the connections that it gets leaves some to others", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}));
  const port = await listening(server);
  t.after(() => server.close());
  const own = `127.0.0.1:${port}`;
  const all = openEgress({ bound: [own], ownPorts: () => [], certificates, connections: 12, clock: systemClock });
  const of = (app: string) => all.of(app, { egress: true, allow: [own] }, { injections: [], tell: () => {} })!;
  // One machine alone may have more than all apps together here.
  const machines = [of("greedy"), of("greedy"), of("modest")];
  t.after(() => machines.forEach((machine) => machine.close()));
  const [first, second, modest] = machines as [Egress, Egress, Egress];
  const opened = await Promise.all([1, 2, 3].flatMap(() => [first, second].map((machine) => machine.connect("127.0.0.1", port))));
  const refused = { code: "egress-full", message: /the app has 6 connections already, and the server keeps the rest of its 12 for others/ };
  for (const machine of [first, second]) {
    await assert.rejects(machine.connect("127.0.0.1", port), refused);
    await assert.rejects(machine.resolve("localhost", 4), refused);
  }
  // The mounts of an app and an appliance count as well.
  const mounts = all.ofMounts("greedy", [own]);
  await assert.rejects(mounts.connect("127.0.0.1", port), refused);
  await Promise.all([1, 2, 3].map(() => modest.connect("127.0.0.1", port)));
  await assert.rejects(modest.connect("127.0.0.1", port), { code: "egress-full" });
  await assert.rejects(all.ofAppliance("9f").connect("127.0.0.1", port), { code: "egress-denied", message: /loopback/ });
  opened[0]!.destroy();
  await assert.rejects(first.connect("127.0.0.1", port), { code: "egress-full" }, "it has a share of what others left");
  for (const socket of opened) socket.destroy();
  // What is destroyed counts no more, even before its "close".
  // What failed, or was refused, takes no place either.
  for (let n = 0; n < 20; n++) await assert.rejects(first.connect("10.0.0.1", 80), { code: "egress-denied", message: /private/ });
  for (let n = 0; n < 4; n++) await second.connect("127.0.0.1", port);
});

test("the operator is told what apps reach: each address once a minute, and of a flood some lines and how many were left out", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}));
  const port = await listening(server);
  t.after(() => server.close());
  const clock = new FakeClock();
  const told: Reached[] = [];
  const settings = { bound: ["*.shop.internal:*", `127.0.0.1:${port}`], ownPorts: () => [], certificates, connections: 100, clock };
  const all = openEgress({ ...settings, reached: (entry) => told.push(entry) });
  const reach = async (app: string) => {
    const egress = all.of(app, { egress: true, allow: [`127.0.0.1:${port}`] }, { injections: [], tell: () => {} })!;
    t.after(() => egress.close());
    const socket = await egress.connect("127.0.0.1", port);
    socket.destroy();
  };
  const line = (app: string) => ({ app, to: `127.0.0.1:${port}`, address: "127.0.0.1" });
  for (const app of ["shop", "shop", "other"]) await reach(app);
  assert.deepEqual(told, [line("shop"), line("other")]);
  await clock.advance(60_000);
  await reach("shop");
  assert.deepEqual(told.slice(2), [line("shop")]);
});

test("of an app that reaches many addresses some are told, and how many were not", async () => {
  const clock = new FakeClock();
  const told: Reached[] = [];
  const log = new ReachedLog((entry) => told.push(entry), clock);
  for (let n = 0; n < 5_000; n++) log.connected("shop", `h${n}.example:443`, `192.0.2.${n % 250}`);
  log.connected("other", "h.example:443", "192.0.2.1");
  assert.equal(told.length, 61);
  await clock.advance(2_000);
  log.connected("shop", "last.example:443", "192.0.2.1");
  assert.deepEqual(told.at(-1), { app: "shop", to: "last.example:443", address: "192.0.2.1", leftOut: 4_940 });
});
