/** The examples of runtimes, deployed and called as their readers would. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { compile } from "../../src/guest/runtimes/testing/compile.ts";
import { copyApp, type Platform, projectDir, type Scope } from "../platform.ts";

/** Far above what a call takes on a busy host. */
const patient = { timeoutMs: 300_000 };

export function describeExamples(scope: Scope, platform: () => Platform): void {
  const lineOf = async (app: string, text: string) => {
    const lines = await platform().logged(app, new RegExp(`^${text}$`));
    const { function: name, level, invocation } = lines.find((line) => line.text === text)!;
    return [name, level, typeof invocation];
  };

  test("Python's greets with a file of its own, and its coroutine waits", async () => {
    await platform().deploy("examples/python", patient);
    const hello = await platform().call("/greetings/hello?name=Ada");
    assert.deepEqual([hello.status, await hello.text()], [200, "Hello, Ada!\n"]);
    assert.deepEqual(await lineOf("greetings", "greeting Ada"), ["hello", "info", "string"]);
    const report = await platform().call("/greetings/report", { method: "POST", body: JSON.stringify({ seconds: [0.05, 0.05] }) });
    const { count, sum, request } = (await report.json()) as Record<string, unknown>;
    assert.deepEqual([count, sum, typeof request], [2, 0.1, "string"]);
  });

  test("Java's was compiled, its objects come from JSON and become JSON, and its stream is read", async () => {
    await platform().deploy("examples/java", patient);
    const order = await platform().call("/orders/order?item=tea&count=2");
    const { request, ...rest } = (await order.json()) as Record<string, unknown>;
    assert.deepEqual([order.status, rest, typeof request], [200, { item: "tea", count: 2 }, "string"]);
    assert.deepEqual(await lineOf("orders", "an order of tea"), ["order", "info", "string"]);
    const stream = await platform().call("/orders/stream", { method: "POST", body: "hello" });
    assert.ok(((await stream.json()) as { length: number }).length > 100);
  });

  test("the program in C greets", async () => {
    const folder = copyApp(scope, "examples/provided", {});
    writeFileSync(join(folder, "bootstrap"), await compile(join(projectDir, "examples/provided/bootstrap.c")));
    const { manifest, bundles } = await bundleApp(folder);
    await platform().client.deploy({ ...manifest, ...patient }, bundles);
    const response = await platform().call("/native/greet/Ada");
    assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!\n"]);
    assert.deepEqual(await lineOf("native", "greeting Ada"), ["greet", "info", "string"]);
  });

  test("the web server in Node keeps names, and reads a file of its own", async () => {
    await platform().deploy("examples/server", patient);
    const welcome = await platform().call("/guestbook/web");
    assert.deepEqual([welcome.headers.get("content-type"), (await welcome.text()).includes("Who was here")], ["text/html", true]);
    assert.equal((await platform().call("/guestbook/web/names", { method: "POST", body: "Ada" })).status, 201);
    assert.deepEqual(await (await platform().call("/guestbook/web/names")).json(), ["Ada"]);
    assert.equal((await platform().call("/guestbook/web/nowhere")).status, 404);
  });

  test("the web server in Java counts, from classes of its source, in machines that have Java beside the agent", async () => {
    const { manifest, bundles } = await bundleApp(join(projectDir, "examples/java-server"));
    // A machine has no other way to its classes than this command.
    assert.deepEqual(manifest.functions["web"]!.command, ["java", "-cp", ".classes/web:.", "Counter"]);
    await platform().client.deploy({ ...manifest, ...patient }, bundles);
    for (const count of [1, 2]) {
      const response = await platform().call("/counter/web/Ada");
      assert.deepEqual([response.status, await response.text()], [200, `Hello, Ada, for time ${count}!\n`]);
    }
    assert.deepEqual(await lineOf("counter", "greeting Ada"), ["web", "info", "string"]);
    const kinds = (await platform().client.machines()).flatMap(({ app, kind }) => (app === "counter" ? [kind?.runtime] : []));
    assert.deepEqual(kinds, ["node-java"]);
  });

  test("the web server in Python draws from templates, and prints at once", async () => {
    await platform().deploy("examples/python-server", patient);
    const circle = await platform().call("/shapes/web/circle?colour=tomato");
    assert.deepEqual([circle.status, circle.headers.get("content-type")], [200, "image/svg+xml"]);
    assert.match(await circle.text(), /fill="tomato"/);
    assert.deepEqual(await lineOf("shapes", "drawing a circle"), ["web", "info", "string"]);
    assert.equal((await platform().call("/shapes/web/line")).status, 404);
  });
}
