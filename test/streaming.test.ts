/** Bodies pass through a real VM in pieces, in both directions, and stop when the caller disconnects. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { type Platform, createScope, drivers, startPlatform } from "./platform.ts";

for (const driver of drivers) {
  describe(`streaming through ${driver} machines`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver });
      await platform.deploy("test/apps/echo");
      await platform.deploy("examples/sse");
    });
    after(() => scope.close());

    test("a chunk comes back before the next is sent", async () => {
      const outgoing = httpRequest(`${platform.running.gatewayUrl}/echo/echo`, { method: "POST" });
      const replied = once(outgoing, "response") as Promise<[IncomingMessage]>;
      outgoing.write("first");
      const chunks = (await replied)[0][Symbol.asyncIterator]();
      assert.equal(String((await chunks.next()).value), "first");
      outgoing.end("second");
      assert.equal(String((await chunks.next()).value), "second");
      assert.equal((await chunks.next()).done, true);
    });

    test("a megabyte comes back unchanged", async () => {
      const sent = Uint8Array.from({ length: 1_048_576 }, (_, index) => index % 251);
      const response = await platform.call("/echo/echo", { method: "POST", body: sent });
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(sent));
    });

    test("an event arrives while the stream goes on", async () => {
      const response = await platform.call("/sse/clock?count=1000&everyMs=100");
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      assert.match(new TextDecoder().decode(value), /^id: 1\n/);
      await reader.cancel();
      await platform.logged("sse", /the caller left after \d+ ticks/);
    });

    test("a caller that leaves aborts the handler's signal", async () => {
      const outgoing = httpRequest(`${platform.running.gatewayUrl}/echo/hang`);
      outgoing.on("error", () => {}); // The error comes from the test's own destroy() below.
      outgoing.end();
      await platform.logged("echo", /^hanging$/);
      outgoing.destroy();
      await platform.logged("echo", /^aborted$/);
    });
  });
}
