/** What callers are told if something does not exist, is too large, too slow or not permitted. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { type Platform, createScope, eventually, startPlatform } from "./platform.ts";

describe("refusals", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    await platform.deploy("examples/hello");
    await platform.deploy("test/apps/echo", { timeoutMs: 500, concurrency: 1, maxMachines: 1, queue: 1 });
  });
  after(() => scope.close());

  async function refused(response: Response, status: number, code: string): Promise<ErrorBody["error"]> {
    const { error } = (await response.json()) as ErrorBody;
    assert.deepEqual([response.status, error.code], [status, code]);
    assert.equal(error.docs, `docs/errors.md#${code}`);
    return error;
  }

  test("an unknown app, function or path is a 404 that says which", async () => {
    assert.match((await refused(await platform.call("/nobody/hello"), 404, "no-such-route")).message, /nobody/);
    assert.match((await refused(await platform.call("/echo/nothing"), 404, "no-such-route")).message, /nothing/);
    await refused(await platform.call("/"), 404, "no-such-route");
  });

  test("a body over the app's limit gets a 413, whether its length is known or not", async () => {
    const tooLarge = new Uint8Array(1_048_577);
    await refused(await platform.call("/echo/echo", { method: "POST", body: tooLarge }), 413, "body-too-large");
    const unknown = new ReadableStream({
      start(controller) {
        controller.enqueue(tooLarge);
        controller.close();
      },
    });
    const streamed = platform.call("/echo/echo", { method: "POST", body: unknown, duplex: "half" });
    await streamed.then(
      (response) => assert.notEqual(response.status, 500),
      () => {},
    );
  });

  test("a function that exceeds its timeout gets a 504, a call to a full queue a 429 with Retry-After", async () => {
    // On a busy host a machine may take longer to start than the app's timeout, and the calls would time out in the queue.
    await eventually(
      "a machine",
      async () => (await platform.call("/echo/echo")).status,
      (status) => status === 200,
    );
    const calls = await Promise.all([1, 2, 3, 4].map(() => platform.call("/echo/hang")));
    const full = calls.filter(({ status }) => status === 429);
    assert.ok(full.length >= 1);
    for (const response of full) {
      assert.ok(Number(response.headers.get("retry-after")) >= 1);
      await refused(response, 429, "queue-full");
    }
    const late = calls.filter(({ status }) => status === 504);
    assert.equal(late.length + full.length, calls.length);
    const codes = await Promise.all(late.map(async (response) => ((await response.json()) as ErrorBody).error.code));
    assert.ok(codes.includes("function-timeout"));
  });

  test("the API requires its token, except for its health and its description", async () => {
    const { apiUrl, token } = platform.running;
    for (const path of ["/v1/apps", "/v1/machines", "/v1/bill", "/v1/host"]) {
      await refused(await fetch(apiUrl + path), 401, "unauthorized");
      await refused(await fetch(apiUrl + path, { headers: { authorization: "Bearer wrong" } }), 401, "unauthorized");
      assert.equal((await fetch(apiUrl + path, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    }
    const openapi = (await (await fetch(`${apiUrl}/openapi.json`)).json()) as { openapi: string };
    assert.match(openapi.openapi, /^3\./);
  });

  test("replies say how the time was spent", async () => {
    const response = await platform.call("/hello/hello");
    await response.text();
    assert.match(response.headers.get("server-timing") ?? "", /run;dur=/);
    assert.match(response.headers.get("x-mayfly-invocation") ?? "", /\S/);
  });
});
