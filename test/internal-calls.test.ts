/** Functions of an app that call each other by name, on machines without a network. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createScope, deploy, type Platform, startPlatform } from "./platform.ts";

describe("calls within an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    await deploy(platform.client, "test/apps/internal", { env: { VERSION: "1" } });
  });
  after(() => scope.close());

  const call = async (path: string, init?: RequestInit) => {
    const response = await platform.call(path, init);
    return `${response.status} ${await response.text()}`;
  };

  test("reach the function of that name, without a network, with bodies both ways", async () => {
    assert.equal(await call("/internal/front/a/b"), "200 1 1 http://back.mayfly.internal/a/b?from=front 0");
    const body = Buffer.alloc(3_000_000, 120);
    assert.equal(await call("/internal/front/up", { method: "POST", body }), "200 1 1 http://back.mayfly.internal/up?from=front 3000000");
  });

  test("cross from Python to Node and back", async () => {
    assert.equal(await call("/internal/snake"), "200 1 1 http://back.mayfly.internal/snake 0");
    assert.equal(await call("/internal/front?to=snake"), "200 1 1 1 http://back.mayfly.internal/snake 0");
  });

  test("reach no function that is not there, and nothing else", async () => {
    assert.match(await call("/internal/front?to=none"), /^500 fetch failed: .*ENOTFOUND none\.mayfly\.internal/);
    assert.match(await call("/internal/front?to=example.com/x"), /^500 .*this app has no network/);
  });

  test("end with an error where functions call each other in a circle", async () => {
    assert.match(await call("/internal/circle"), /^508 .*"code":"too-many-internal-calls"/);
    assert.equal(await call("/internal/front"), "200 1 1 http://back.mayfly.internal/?from=front 0", "the machine goes on");
  });

  test("are billed as calls", async () => {
    const requests = async (name: string) =>
      (await platform.client.appBill("internal")).bill.functions.find(({ function: each }) => each === name)?.requests ?? 0;
    const before = await requests("Back");
    for (let i = 0; i < 5; i++) await call("/internal/front");
    assert.equal((await requests("Back")) - before, 5);
  });

  test("stay in the revision of their caller, while others are deployed", async () => {
    const over = new AbortController();
    const replies = new Set<string>();
    const callers = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) replies.add((await call("/internal/front")).split(" ").slice(0, 3).join(" "));
    });
    for (const version of ["2", "3", "4"]) await deploy(platform.client, "test/apps/internal", { env: { VERSION: version } });
    over.abort();
    await Promise.all(callers);
    for (const reply of replies) {
      const [status, front, back] = reply.split(" ");
      assert.deepEqual([status, front], ["200", back], reply);
    }
    assert.equal(await call("/internal/front"), "200 4 4 http://back.mayfly.internal/?from=front 0");
  });
});

test("programs beside the agent reach functions, too, in a sandbox without a network", async (context) => {
  const platform = await startPlatform(context, { driver: "gvisor" });
  await deploy(platform.client, "test/apps/internal", { env: { VERSION: "1" }, timeoutMs: 120_000 });
  const text = async (path: string) => (await platform.call(path)).text();
  assert.equal(await text("/internal/child"), "1 http://back.mayfly.internal/child 0");
  assert.equal(await text("/internal/front"), "1 1 http://back.mayfly.internal/?from=front 0");
  assert.equal(await text("/internal/snake"), "1 1 http://back.mayfly.internal/snake 0");
});
