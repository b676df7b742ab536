import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { listening } from "../base/testing/listening.ts";
import { openEgress } from "./open-egress.ts";

const certificates = { certificateOf: () => Promise.reject(new Error("nobody asks")) };

test("an app's mounts reach the servers that the app and the operator list, by these names, and nothing else", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  const port = await listening(server);
  t.after(() => server.close());
  const own = `127.0.0.1:${port}`;
  const egress = openEgress({ bound: [own, "10.0.0.7:2049"], ownPorts: () => [], certificates, clock: systemClock }).ofMounts("shop", [
    own,
    "10.0.0.8:2049",
  ]);
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
  const egress = openEgress({ bound: ["*.nfs.internal:2049", "9.9.9.9:2049"], ownPorts: () => [], certificates, clock: systemClock });
  assert.deepEqual(egress.problemsOfServers(["a.nfs.internal:2049", "9.9.9.9:2049"]), []);
  assert.deepEqual(
    egress
      .problemsOfServers(["8.8.8.8:2049", "a.nfs.internal:20048", "169.254.169.254:2049"])
      .map((text) => text.split(" ").slice(0, 4).join(" ")),
    ['"8.8.8.8:2049" is not in', '"a.nfs.internal:20048" is not in', '"169.254.169.254:2049" is where clouds'],
  );
});
