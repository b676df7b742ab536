/** What happens to the caller, the machine, its neighbours and the log when a function misbehaves. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { type Platform, createScope, drivers, eventually, startPlatform } from "./platform.ts";

for (const driver of drivers) {
  describe(`misbehaviour in ${driver} machines`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver });
      await platform.deploy("examples/misbehave", { timeoutMs: 300_000 });
      await platform.deploy("examples/misbehave", { name: "spinner", timeoutMs: 2_000 });
    });
    after(() => scope.close());

    const misbehave = (deed: string) => platform.call(`/misbehave/misbehave?do=${deed}`);
    const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;
    const worksAgain = async () => assert.equal(await (await misbehave("")).text(), "behaved\n");

    test("a throw is a 500 with an id, the stack is in the log beside it, and the machine lives on", async () => {
      await worksAgain();
      const before = (await platform.client.machines()).find(({ app }) => app === "misbehave");
      const response = await misbehave("throw");
      const { code, id } = await errorOf(response);
      assert.deepEqual([response.status, code], [500, "function-threw"]);
      const lines = await platform.logged("misbehave", /thrown on demand/);
      const line = lines.find(({ text }) => /thrown on demand/.test(text));
      assert.equal(line?.invocation, id);
      assert.match(lines.map(({ text }) => text).join("\n"), /at .*misbehave/);
      await worksAgain();
      assert.ok((await platform.client.machines()).some(({ id: machine }) => machine === before?.id));
    });

    test("an unhandled rejection before the reply fails its own invocation, with the stack in the log", async () => {
      const response = await misbehave("reject");
      const { code, id } = await errorOf(response);
      assert.deepEqual([response.status, code], [500, "function-threw"]);
      const line = (await platform.logged("misbehave", /rejected on demand/)).find(({ text }) => /rejected on demand/.test(text));
      assert.equal(line?.invocation, id);
      await worksAgain();
    });

    test("a spin is a 504 or 502, its machine is killed with the reason in the log, and the next call works", async () => {
      const call = (deed: string) => platform.call(`/spinner/misbehave?do=${deed}`);
      await eventually(
        "a first reply",
        async () => (await call("")).status,
        (status) => status === 200,
      );
      const [spinning, neighbour] = [call("spin"), call("")];
      assert.ok(["function-timeout", "machine-died"].includes((await errorOf(await spinning)).code));
      assert.ok([200, 502, 504].includes((await neighbour).status));
      await platform.logged("spinner", /blocked the event loop/);
      await eventually(
        "the next reply",
        async () => (await call("")).status,
        (status) => status === 200,
      );
    });

    test("a leak ends the machine as out of memory, and says so", async () => {
      const { code } = await errorOf(await misbehave("leak"));
      assert.equal(code, "machine-died");
      await platform.logged("misbehave", /memory/);
      await worksAgain();
    });

    test("a flood of log lines is bounded and says how many it dropped", async () => {
      await (await misbehave("flood")).text();
      await platform.logged("misbehave", /Dropped \d+/);
      const lines = await platform.client.logs({ app: "misbehave", tail: 10_000 });
      assert.ok(lines.filter(({ text }) => /of a flood/.test(text)).length < 1_500);
      await worksAgain();
    });

    test("an exit ends the machine with its code as the reason", async () => {
      const response = await misbehave("exit");
      assert.ok([500, 502].includes(response.status));
      await response.text();
      await platform.logged("misbehave", /exit|ended/i);
      await worksAgain();
    });

    test("no dead machine stays in the list", async () => {
      const machines = await eventually(
        "the list",
        () => platform.client.machines(),
        (all) => all.every(({ state }) => state !== "ending"),
      );
      assert.ok(machines.filter(({ app }) => app === "misbehave").length <= 2);
    });
  });
}
