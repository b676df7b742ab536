/** What a clone must not share with its siblings, and what it must not reach, tested with the real template, agent and host end. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { afterwards } from "../../base/testing/afterwards.ts";
import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { openSession } from "../conformance/session.ts";
import type { Driver } from "../driver.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { linux } from "./linux.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { createUids } from "../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-clones-"));
let driver: Driver;
let started = 0;

before(async () => {
  driver = createDriverWithHost({
    guest: linux,
    image: () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined }),
    cacheDir,
    runDir,
    clock: systemClock,
  });
  await driver.prepare(() => undefined, usualChoice);
});
after(async () => {
  await driver.close();
  fs.rmSync(runDir, { recursive: true });
});

/** A machine bound to one function, whose reply is JSON. */
async function startWith(source: string) {
  const machine = await driver.start({ id: `clones-${process.pid}-${++started}`, memoryMb: 256, vcpus: 1 });
  const { host, call } = await openSession(machine);
  const code = Buffer.from(`exports.default = { async fetch(request) { ${source} } };`);
  const functions = [{ name: "ask", format: "cjs" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" }];
  await host.bind({ app: "clones", revision: "v1", functions, env: {}, memoryMb: 256, egress: false }, [code]);
  // The machine is resumed again, as the fleet does for a blank, because a clone's first Resume takes long: none of its code is translated
  // yet.
  await host.resume(Date.now(), randomBytes(64), machine.id, false);
  return { machine, ask: async (body = "") => JSON.parse((await call("ask", Buffer.from(body))).toString()) as Record<string, string> };
}

const everySource = `
  const fs = require("node:fs"), crypto = require("node:crypto");
  const device = fs.openSync("/dev/urandom", "r");
  const bytes = Buffer.alloc(16);
  fs.readSync(device, bytes, 0, 16, null);
  const key = await crypto.webcrypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  return Response.json({
    mathRandom: String(Math.random()),
    randomBytes: crypto.randomBytes(16).toString("hex"),
    randomInt: String(crypto.randomInt(2 ** 47)),
    nodeUuid: crypto.randomUUID(),
    webUuid: globalThis.crypto.randomUUID(),
    getRandomValues: Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
    webcryptoKey: Buffer.from(await crypto.webcrypto.subtle.exportKey("raw", key)).toString("hex"),
    keyPair: crypto.generateKeyPairSync("x25519").publicKey.export({ format: "jwk" }).x,
    urandom: bytes.toString("hex"),
    temporaryFolder: fs.mkdtempSync("/tmp/x-"),
  });`;

test("five clones draw five different values from every random source", async () => {
  const clones = [];
  for (let n = 0; n < 5; n++) clones.push(await startWith(everySource));
  const drawn = await Promise.all(clones.map(({ ask }) => ask()));
  for (const source of Object.keys(drawn[0] ?? {})) {
    const values = drawn.map((values) => values[source]);
    assert.equal(new Set(values).size, clones.length, `${source}: ${values.join(", ")}`);
  }
  await Promise.all(clones.map(({ machine }) => machine.kill()));
});

test("a clone's clock is the host's, within 100 ms", async () => {
  const { machine, ask } = await startWith("return Response.json({ now: Date.now() });");
  // The reply was made between the two readings, so the distance to the nearer one is the least by which it can be wrong.
  for (let round = 0; round < 3; round++) {
    const sent = Date.now();
    const now = Number((await ask())["now"]);
    const off = Math.max(sent - now, now - Date.now(), 0);
    assert.ok(off <= 100, `${off} ms off`);
  }
  await machine.kill();
});

/**
 * Connects by system calls, because in the guest node:net leads over the channel. A connection beyond the machine ends at the agent, which resets it when
 * the host has refused it: so a byte is asked for as well, unless `isSilent`. The body is JSON [address, port, isSilent].
 */
const nativeConnect = `
  const [address, port, isSilent] = JSON.parse(await request.text());
  const int = "int32", buffer = "buffer";
  const { functions: libc } = require("node:ffi").dlopen(null, {
    socket: { arguments: [int, int, int], return: int },
    setsockopt: { arguments: [int, int, int, buffer, int], return: int },
    connect: { arguments: [int, buffer, int], return: int },
    recv: { arguments: [int, buffer, "uint64", int], return: "int64" },
    close: { arguments: [int], return: int },
  });
  const target = Buffer.alloc(16);
  target.writeUInt16LE(2, 0);
  target.writeUInt16BE(port, 2);
  Buffer.from(address.split(".").map(Number)).copy(target, 4);
  const [oneSecond, threeSeconds] = [1n, 3n].map((seconds) => {
    const time = Buffer.alloc(16);
    time.writeBigInt64LE(seconds, 0);
    return time;
  });
  const fd = libc.socket(2, 1, 0);
  libc.setsockopt(fd, 1, 21, oneSecond, 16);
  libc.setsockopt(fd, 1, 20, threeSeconds, 16);
  const reached = libc.connect(fd, target, 16) === 0 && (isSilent || libc.recv(fd, Buffer.alloc(1), 1n, 0) >= 0n);
  libc.close(fd);
  return Response.json({ reached });`;

test("a guest reaches neither the host's loopback nor any address of QEMU's network", async (context) => {
  const listener = net.createServer();
  let reached = 0;
  listener.on("connection", (socket) => socket.end(`you are number ${++reached}`));
  afterwards(context, () => void listener.close());
  listener.listen(0, "0.0.0.0");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  const outside = Object.values(os.networkInterfaces())
    .flat()
    .filter((one) => one?.family === "IPv4" && !one.internal)
    .map((one) => one?.address ?? "");

  const { machine, ask } = await startWith(nativeConnect);
  afterwards(context, () => machine.kill());
  for (const address of ["10.0.2.2", "10.0.2.3", "127.0.0.1", "169.254.169.254", ...outside]) {
    assert.deepEqual(await ask(JSON.stringify([address, port])), { reached: false }, address);
  }
  assert.deepEqual(await ask(JSON.stringify(["10.0.2.3", 53])), { reached: false }, "QEMU's name server");
  assert.equal(reached, 0);
});

test("a guest has the channel of mounts and none for debuggers, which only a machine of an app under development has", async (context) => {
  const { machine, ask } = await startWith(nativeConnect);
  afterwards(context, () => machine.kill());
  assert.equal(machine.inspector, undefined);
  const found = await Promise.all([2, 3].map((port) => ask(JSON.stringify(["10.0.2.100", port, true]))));
  assert.deepEqual(found, [{ reached: true }, { reached: false }]);
});
