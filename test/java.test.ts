/** An app in Java, as its author has it: a jar, through a deploy into real machines of each driver. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { compileFolder, jarOf } from "../src/guest/runtimes/java/testing/java-agent.ts";
import { createScope, drivers, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const source = join(projectDir, "test/apps/java");

/** A copy of the app, with the jar that a build would have made. */
async function appWithJar(scope: { after(cleanUp: () => void): void }): Promise<string> {
  const folder = join(temporaryFolder(scope), "java");
  cpSync(source, folder, { recursive: true });
  mkdirSync(join(folder, "target"));
  writeFileSync(join(folder, "target/app.jar"), jarOf(await compileFolder(join(source, "app"))));
  return folder;
}

for (const driver of [...drivers, "process"] as const) {
  describe(`Java in machines of ${driver}`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver, kernel: "linux", blanks: 0 });
      const { manifest, bundles } = await bundleApp(await appWithJar(scope));
      await platform.client.deploy({ ...manifest, timeoutMs: 120_000 }, bundles);
      await platform.client.deploy({ ...manifest, name: "spinner", timeoutMs: 2_000 }, bundles);
      await platform.deploy("examples/java");
    });
    after(() => scope.close());

    const misbehave = (deed: string, app = "java") => platform.call(`/${app}/misbehave?do=${deed}`);
    const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;
    const answers = async (app = "java") =>
      eventually(
        "a reply",
        async () => (await misbehave("", app)).status,
        (status) => status === 200,
      );

    test("the example's sources were compiled, its objects come from JSON and become JSON, and its stream is read", async () => {
      const order = await platform.call("/orders/order?item=tea&count=2");
      const { request, ...rest } = (await order.json()) as Record<string, unknown>;
      assert.deepEqual([order.status, rest, typeof request], [200, { item: "tea", count: 2 }, "string"]);
      const line = (await platform.logged("orders", /order of tea/)).find(({ text }) => text === "an order of tea");
      assert.deepEqual([line?.function, line?.level], ["order", "info"]);
      const stream = await platform.call("/orders/stream", { method: "POST", body: "hello" });
      assert.ok(((await stream.json()) as { length: number }).length > 100);
    });

    test("its files, variables and time are there, and the machine's randomness is its own", async () => {
      const read = async () => (await (await platform.call("/java/uses")).json()) as Record<string, unknown>;
      const { token, now, ...first } = await read();
      assert.deepEqual(first, { greeting: "Hello", java: 17, colour: "green", folder: true });
      assert.ok(Math.abs(Number(now) - Date.now()) < 30_000, `${Number(now) - Date.now()} ms`);
      assert.notEqual((await read())["token"], token);
    });

    test("many invocations that block a thread each run at once in few machines", async () => {
      await (await platform.call("/java/waits")).text();
      const replies = await Promise.all(Array.from({ length: 60 }, async () => (await platform.call("/java/waits")).text()));
      assert.deepEqual(new Set(replies), new Set(["waited\n"]));
      const machines = (await platform.client.machines()).filter(({ app }) => app === "java");
      assert.ok(machines.length <= 10, `${machines.length} machines`);
      assert.equal(machines[0]?.kind?.runtime, "java");
    });

    test("a throw is a 500 with an id, the stack is in the log beside it, and the machine lives on", async () => {
      await answers();
      const before = new Set((await platform.client.machines()).map(({ id }) => id));
      const response = await misbehave("throw");
      const { code, id } = await errorOf(response);
      assert.deepEqual([response.status, code], [500, "function-threw"]);
      const line = (await platform.logged("java", /thrown on demand/)).find(({ text }) => text.includes("thrown on demand"));
      assert.equal(line?.invocation, id);
      assert.match(line!.text, /at app\.Misbehave\.handleRequest\(Misbehave\.java:\d+\)/);
      await answers();
      assert.ok((await platform.client.machines()).some(({ id: machine }) => before.has(machine)));
    });

    test("System.exit ends its machine with the reason in the log, after the line printed just before", async () => {
      await answers();
      const response = await misbehave("exit");
      assert.deepEqual([response.status, (await errorOf(response)).code], [502, "machine-died"]);
      await platform.logged("java", /asked to exit/);
      await platform.logged("java", /System\.exit, which ends its machine/);
      await answers();
    });

    test("a spin is ended at its deadline, and the next call works", async () => {
      await answers("spinner");
      assert.ok(["function-timeout", "machine-died"].includes((await errorOf(await misbehave("spin", "spinner"))).code));
      await answers("spinner");
    });

    test("eating memory ends the machine as out of memory, and the next call works", async () => {
      await answers();
      const response = await misbehave("leak");
      assert.equal(response.status, 502);
      await platform.logged("java", /out of memory/i);
      await answers();
    });
  });
}

describe("a deploy of Java", () => {
  const scope = createScope();
  after(() => scope.close());

  test("refuses an entry that is no jar, or not there, a handler that names no class, and packages of npm", async () => {
    const folder = await appWithJar(scope);
    const entry = "target/app.jar";
    const refused = (more: object, what: RegExp) => {
      const manifest = { name: "x", runtime: "java", functions: { f: { entry, handler: "app.Uses" } }, ...more };
      writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
      return assert.rejects(bundleApp(folder), { code: "bad-manifest", message: what });
    };
    await refused({ functions: { f: { entry: "words.txt", handler: "app.Uses" } } }, /must be a \.jar, a \.java file, or a folder/);
    await refused({ functions: { f: { entry: "absent.jar", handler: "app.Uses" } } }, /there is no such file/);
    await refused({ external: ["sharp"] }, /external names npm packages/);
  });

  const appOf = (misbehave: object) => {
    const folder = join(temporaryFolder(scope), "java");
    cpSync(join(projectDir, "examples/java"), folder, { recursive: true });
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: "x", runtime: "java", functions: { misbehave } }));
    return folder;
  };
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });

  test("names the file and line of an error in a source", async () => {
    const folder = appOf({ entry: "src/shop/Upper.java", handler: "shop.Upper" });
    writeFileSync(join(folder, "src/shop/Upper.java"), "package shop;\nclass Upper { int x = nothing; }\n");
    await refused(folder, /cannot find symbol \(src\/shop\/Upper\.java:2\)/);
  });

  test("names a handler's class that is not there, and a handler that is no class", async () => {
    await refused(appOf({ entry: "src", handler: "shop.Nothing" }), /misbehave.*class shop\.Nothing is in none/);
    await refused(appOf({ entry: "src" }), /class handler is in none/);
    await refused(appOf({ entry: "src", handler: "no class" }), /must name a class/);
  });

  test("takes the one jar that a build has made, and refuses to choose between two", async () => {
    const folder = appOf({ entry: "target", handler: "app.Uses" });
    mkdirSync(join(folder, "target"));
    await refused(folder, /neither a \.jar nor \.java files: build the app first/, "bad-manifest");
    writeFileSync(join(folder, "target/app.jar"), jarOf(await compileFolder(join(source, "app"))));
    writeFileSync(join(folder, "target/app-sources.jar"), "");
    assert.ok(Buffer.from((await bundleApp(folder)).bundles.at(-1)!.code).includes("lib/target-app.jar"));
    writeFileSync(join(folder, "target/b.jar"), "");
    await refused(folder, /has app\.jar and b\.jar: name one/, "bad-manifest");
  });
});
