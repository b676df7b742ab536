/** Apps in Python, as their authors have them: through a deploy into real machines of each driver. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createScope, drivers, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";
import { makeWheel } from "./wheel.ts";

/** A copy of the app, with the wheels that its requirements.txt finds. */
function appWithWheels(scope: { after(cleanUp: () => void): void }): string {
  const folder = join(temporaryFolder(scope), "python");
  cpSync(join(projectDir, "test/apps/python"), folder, { recursive: true });
  mkdirSync(join(folder, "wheels"));
  makeWheel(join(folder, "wheels"), "greeter", "1.2", { "greeter/__init__.py": 'def greet(name):\n    return f"Hello, {name}!"\n' });
  return folder;
}

for (const driver of [...drivers, "process"] as const) {
  describe(`Python in machines of ${driver}`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver, kernel: "linux", blanks: 0 });
      await platform.deploy("examples/python");
      const { manifest, bundles } = await bundleApp(appWithWheels(scope));
      await platform.client.deploy({ ...manifest, timeoutMs: 120_000 }, bundles);
      await platform.client.deploy({ ...manifest, name: "spinner", timeoutMs: 2_000 }, bundles);
    });
    after(() => scope.close());

    const misbehave = (deed: string, app = "python") => platform.call(`/${app}/misbehave?do=${deed}`);
    const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;
    const answers = async (app = "python") =>
      eventually(
        "a reply",
        async () => (await misbehave("", app)).status,
        (status) => status === 200,
      );

    test("the example greets, with a file of its own, and a coroutine waits", async () => {
      const hello = await platform.call("/greetings/hello?name=Ada");
      assert.deepEqual([hello.status, await hello.text()], [200, "Hello, Ada!\n"]);
      const line = (await platform.logged("greetings", /greeting Ada/)).find(({ text }) => text === "greeting Ada");
      assert.deepEqual([line?.function, line?.level], ["hello", "info"]);
      const report = await platform.call("/greetings/report", { method: "POST", body: JSON.stringify({ seconds: [0.05, 0.05] }) });
      const { count, sum, request } = (await report.json()) as Record<string, unknown>;
      assert.deepEqual([count, sum, typeof request], [2, 0.1, "string"]);
    });

    test("a package of requirements.txt is there, and the machine's randomness is its own", async () => {
      const read = async () => (await (await platform.call("/python/uses")).json()) as Record<string, unknown>;
      const { token, ...first } = await read();
      const expected = {
        greeting: "Hello, Ada!",
        from: "site-packages/greeter/__init__.py",
        python: [3, 11],
        colour: "green",
        name: "uses",
      };
      assert.deepEqual(first, expected);
      assert.notEqual((await read()).token, token);
    });

    test("many invocations that block a thread each run at once in few machines", async () => {
      await (await platform.call("/python/waits")).text();
      const replies = await Promise.all(Array.from({ length: 60 }, async () => (await platform.call("/python/waits")).text()));
      assert.deepEqual(new Set(replies), new Set(["waited\n"]));
      const machines = (await platform.client.machines()).filter(({ app }) => app === "python");
      assert.ok(machines.length <= 10, `${machines.length} machines`);
      assert.equal(machines[0]?.kind?.runtime, "python");
    });

    test("a throw is a 500 with an id, the traceback is in the log beside it, and the machine lives on", async () => {
      await answers();
      const before = new Set((await platform.client.machines()).map(({ id }) => id));
      const response = await misbehave("throw");
      const { code, id } = await errorOf(response);
      assert.deepEqual([response.status, code], [500, "function-threw"]);
      const line = (await platform.logged("python", /thrown on demand/)).find(({ text }) => text.includes("thrown on demand"));
      assert.equal(line?.invocation, id);
      assert.match(line!.text, /misbehave\.py", line 10, in handler/);
      await answers();
      assert.ok((await platform.client.machines()).some(({ id: machine }) => before.has(machine)));
    });

    for (const deed of ["exit", "crash"])
      test(`${deed} ends its machine with the reason in the log, after the line printed just before`, async () => {
        await answers();
        const response = await misbehave(deed);
        assert.deepEqual([response.status, (await errorOf(response)).code], [502, "machine-died"]);
        await platform.logged("python", new RegExp(`asked to ${deed}`));
        await platform.logged(
          "python",
          deed === "exit" ? /sys\.exit, which ends its machine/ : /[Mm]achine \S+ .*(crashed|ended|signal|SIGSEGV)/,
        );
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
      assert.ok([500, 502].includes(response.status), `${response.status}`);
      await platform.logged("python", /out of memory|MemoryError/i);
      await answers();
    });
  });
}

describe("a deploy of Python", () => {
  const scope = createScope();
  after(() => scope.close());
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });

  test("names the file and line of a syntax error", async () => {
    const folder = appWithWheels(scope);
    writeFileSync(join(folder, "misbehave.py"), "def handler(event, context):\n    return (\n");
    await refused(folder, /misbehave.*'\(' was never closed \(misbehave\.py:2\)/);
  });

  test("names a package that there is no wheel of", async () => {
    const folder = appWithWheels(scope);
    writeFileSync(join(folder, "requirements.txt"), "--no-index\n--find-links wheels\ngreeter\nnot-there==3.1\n");
    await refused(folder, /requirements\.txt.*no wheel of not-there==3\.1/);
  });

  test("takes the dependencies of a pyproject.toml", async () => {
    const folder = appWithWheels(scope);
    rmSync(join(folder, "requirements.txt"));
    writeFileSync(
      join(folder, "pyproject.toml"),
      `[project]\nname = "x"\nversion = "1"\ndependencies = ["greeter @ file://${folder}/wheels/greeter-1.2-py3-none-any.whl"]\n`,
    );
    const { files, bundles } = await bundleApp(folder);
    assert.ok(Buffer.from(bundles.at(-1)!.code).includes("site-packages/greeter/__init__.py"), `${files.count} files`);
  });

  test("refuses an entry that is no Python, and packages of npm", async () => {
    const folder = appWithWheels(scope);
    const manifest = (more: object) =>
      writeFileSync(
        join(folder, "mayfly.json"),
        JSON.stringify({ name: "x", runtime: "python", functions: { f: { entry: "uses.py" } }, ...more }),
      );
    manifest({ functions: { f: { entry: "requirements.txt" } } });
    await refused(folder, /runs files that end with \.py/, "bad-manifest");
    manifest({ external: ["sharp"] });
    await refused(folder, /external names npm packages/, "bad-manifest");
  });
});
