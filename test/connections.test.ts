/** A server with few descriptors, and clients that open all the connections that they get. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import { serve, start } from "./command.ts";
import { deploy, eventually, temporaryFolder } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

test("with 400 idle connections to a server with 256 descriptors, callers and the operator are still served", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, ["--driver", "process"], 256);
  const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  const floods = [server.gatewayUrl, server.apiUrl].map((url) => flood(Number(new URL(url).port), 400));
  afterwards(context, () => floods.flat().forEach((socket) => socket.destroy()));
  await eventually(
    "the connections that are closed",
    () => floods.map((sockets) => sockets.filter(({ closed }) => closed).length),
    (closed) => closed.every((count) => count >= 250),
  );
  // Both must work while the other connections are held, and machines need descriptors, too.
  await deploy(client, "examples/hello");
  for (let call = 0; call < 5; call += 1) assert.equal(await (await fetch(`${server.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
  assert.equal((await client.app("hello")).app, "hello");
  assert.ok(floods.every((sockets) => sockets.some(({ closed }) => !closed)));
  assert.equal(await server.end("SIGTERM"), 0);
});

test("with too few descriptors a server does not start, and says what is needed and how to get it", async (context) => {
  for (const descriptors of [16, 24, 40, 64, 255]) {
    const child = start(["serve", "--state", temporaryFolder(context), "--driver", "process"], { descriptors });
    const [complaint, [code]] = await Promise.all([text(child.stderr!), once(child, "exit")]);
    assert.equal(code, 3, complaint);
    assert.match(complaint, new RegExp(`may have ${descriptors} files[^]*256[^]*ulimit -n 4096`), complaint);
    assert.doesNotMatch(complaint, /\n {4}at /, "a stack");
  }
});

function flood(port: number, count: number): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}); // Some connections are closed by a reset.
    return socket.resume();
  });
}
