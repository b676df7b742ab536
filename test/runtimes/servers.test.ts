/** What only the runtime server does: requests go to the program as they came, and nobody waits for ever until it listens. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/base/errors/error.ts";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { copyApp, createScope, eventually, type Platform, startPlatform } from "../platform.ts";

describe("a server in Node, in machines of process", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", kernel: "linux" });
    const folder = copyApp(scope, "test/apps/server", {});
    // A package that it ships as it is.
    mkdirSync(join(folder, "node_modules/greeter"), { recursive: true });
    writeFileSync(join(folder, "node_modules/greeter/package.json"), JSON.stringify({ name: "greeter", version: "1.0.0" }));
    writeFileSync(join(folder, "node_modules/greeter/index.js"), "exports.greet = (name) => `Hello, ${name}!`;");
    const { manifest, bundles } = await bundleApp(folder);
    await platform.client.deploy({ ...manifest, timeoutMs: 300_000 }, bundles);
  });
  after(() => scope.close());

  test("gets a request as it came, with the variables and parameters of the manifest", async () => {
    const response = await platform.call("/server/main/a%20b?c=d&e", { method: "PUT", body: "x" });
    assert.deepEqual(await response.json(), {
      method: "PUT",
      url: "/a%20b?c=d&e",
      kind: "http",
      part: "beside it",
      greeting: "Hello, Ada!",
      word: "--greeting=hello",
      colour: "green",
    });
    assert.equal(response.headers.get("x-own"), "one, two");
    await platform.logged("server", /^up with --greeting=hello$/);
  });

  test("begins its reply while the request still comes, and both stream", async () => {
    const { hostname, port } = new URL(platform.running.gatewayUrl);
    const socket = connect(Number(port), hostname);
    scope.after(() => void socket.destroy());
    let got = "";
    socket.setEncoding("latin1").on("data", (text: string) => (got += text));
    const piece = (text: string) => socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
    const seen = (text: string) =>
      eventually(
        text,
        () => got,
        () => got.includes(text),
      );
    socket.write("POST /server/main/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    piece("first");
    await seen("first");
    piece("second");
    await seen("second");
    piece("0123456789".repeat(100_000));
    socket.write("0\r\n\r\n");
    await eventually(
      "the end",
      () => got,
      () => got.endsWith("0\r\n\r\n"),
    );
    assert.ok(got.startsWith("HTTP/1.1 200"));
  });

  test("that refuses an upload before it has read it is heard by the caller", async () => {
    for (let n = 0; n < 20; n++) {
      const response = await platform.call("/server/main/refuse", { method: "POST", body: Buffer.alloc(3_000_000) });
      assert.deepEqual([response.status, await response.text()], [413, "too much"]);
    }
  });

  test("that closes its port while it runs costs the next call its machine, and those after it get a fresh one", async () => {
    assert.equal(await (await platform.call("/server/main/close")).text(), "closed");
    const response = await platform.call("/server/main");
    assert.deepEqual([response.status, ((await response.json()) as ErrorBody).error.code], [502, "machine-died"]);
    await platform.logged(
      "server",
      /^The program node of function main does not listen on port \d+ any more, though it runs, which ends its machine$/,
    );
    assert.equal((await platform.call("/server/main")).status, 200);
  });

  test("that never listens fails at the call's deadline, and other functions work", async () => {
    await (await platform.call("/server/main")).text();
    const response = await platform.call("/server/deaf");
    assert.deepEqual([response.status, ((await response.json()) as ErrorBody).error.code], [504, "function-timeout"]);
    await platform.logged("server", /^up with --deaf$/);
    assert.equal((await platform.call("/server/main")).status, 200);
  });
});
