/** Apps that are programs, of the runtimes provided and server: through a deploy into real machines of each driver. The file is long because both runtimes share the machines, and the compiled programs, of its set-up. */
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { compile } from "../src/guest/runtimes/testing/compile.ts";
import { type Scope, createScope, drivers, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

/** A copy of the folder, with programs that are compiled into it: path → source. */
async function built(scope: Scope, folder: string, programs: Record<string, string>): Promise<string> {
  const app = join(temporaryFolder(scope), "app");
  cpSync(join(projectDir, folder), app, { recursive: true });
  for (const [path, source] of Object.entries(programs)) {
    mkdirSync(join(app, path, ".."), { recursive: true });
    // Not executable: a deploy knows that it is a program.
    writeFileSync(join(app, path), await compile(join(projectDir, source)));
  }
  return app;
}

const client = "src/guest/runtimes/testing/client.c";
const providedApp = (scope: Scope) => built(scope, "test/apps/provided", { "bin/bootstrap": client, exits: client });

/** With a package that it ships as it is. */
async function serverApp(scope: Scope): Promise<string> {
  const app = await built(scope, "test/apps/server", { "bin/server": "test/apps/server/server.c" });
  mkdirSync(join(app, "node_modules/greeter"), { recursive: true });
  writeFileSync(join(app, "node_modules/greeter/package.json"), JSON.stringify({ name: "greeter", version: "1.0.0" }));
  writeFileSync(join(app, "node_modules/greeter/index.js"), "exports.greet = (name) => `Hello, ${name}!`;");
  return app;
}

const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;

for (const driver of [...drivers, "process"] as const) {
  describe(`programs in machines of ${driver}`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver, kernel: "linux", blanks: 0 });
      const deploy = async (folder: string, name: string, timeoutMs = 300_000) => {
        const { manifest, bundles } = await bundleApp(folder);
        await platform.client.deploy({ ...manifest, name, timeoutMs }, bundles);
      };
      const [provided, server] = [await providedApp(scope), await serverApp(scope)];
      await deploy(provided, "provided");
      await deploy(provided, "provided-spinner", 5_000);
      await deploy(server, "server");
      await deploy(server, "server-spinner", 5_000);
      await deploy(await built(scope, "examples/provided", { bootstrap: "examples/provided/bootstrap.c" }), "native");
      await deploy(join(projectDir, "examples/server"), "guestbook");
    });
    after(() => scope.close());

    const answers = (path: string, status: number) =>
      eventually(
        `${path} answers`,
        async () => (await platform.call(path)).status,
        (got) => got === status,
        60_000,
      );
    const lineOf = async (app: string, pattern: RegExp) =>
      (await platform.logged(app, pattern)).findLast(({ text }) => pattern.test(text))!;
    const died = async (path: string) => {
      const response = await platform.call(path);
      assert.deepEqual([response.status, (await errorOf(response)).code], [502, "machine-died"]);
    };

    test("the example of a program in C greets", async () => {
      const response = await platform.call("/native/greet/Ada");
      assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!\n"]);
      const { function: name, level, invocation } = await lineOf("native", /^greeting Ada$/);
      assert.deepEqual([name, level, typeof invocation], ["greet", "info", "string"]);
    });

    test("the example of a server keeps names, and reads a file of its own", async () => {
      const welcome = await platform.call("/guestbook/web");
      assert.deepEqual([welcome.headers.get("content-type"), (await welcome.text()).includes("Who was here")], ["text/html", true]);
      assert.equal((await platform.call("/guestbook/web/names", { method: "POST", body: "Ada" })).status, 201);
      assert.deepEqual(await (await platform.call("/guestbook/web/names")).json(), ["Ada"]);
      assert.equal((await platform.call("/guestbook/web/nowhere")).status, 404);
    });

    test("a program in C gets its invocations over the Runtime API, and its lines belong to them", async () => {
      const reply = await platform.call("/provided/main/one");
      assert.deepEqual([reply.status, await reply.text()], [202, "C saw /one"]);
      const { function: name, invocation } = await lineOf("provided", /^C works on \/one$/);
      assert.deepEqual([name, typeof invocation], ["main", "string"]);
      const machines = (await platform.client.machines()).filter(({ app }) => app === "provided");
      assert.deepEqual(new Set(machines.map(({ kind }) => kind?.runtime)), new Set(["node"]));
    });

    test("many calls at once of a program that takes one at a time are all answered", async () => {
      const paths = Array.from({ length: 40 }, (_, n) => `/n${n}`);
      const texts = await Promise.all(paths.map(async (path) => (await platform.call(`/provided/main${path}`)).text()));
      assert.deepEqual(
        texts,
        paths.map((path) => `C saw ${path}`),
      );
    });

    test("a program that answers invocations which are not its own is refused, and harms nobody", async () => {
      await answers("/provided/main/first", 202);
      const reply = await platform.call("/provided/main/others");
      assert.equal(await reply.text(), "C saw answered before: 400, made up: 400, climbing: 400");
      await answers("/provided/main/after", 202);
    });

    test("a program that ends before it asks for an invocation fails the call, with what it printed in the log", async () => {
      const { code } = await errorOf(await platform.call("/provided/exits"));
      assert.equal(code, "function-load-failed");
      await lineOf("provided", /^there is no handler$/);
      await lineOf("provided", /exits of function exits ended with code 3 before it asked for its first invocation/);
    });

    for (const [deed, how] of [
      ["exit", /ended with code 7, which ends its machine/],
      ["crash", /was ended by SIGSEGV, which ends its machine/],
    ] as const) {
      test(`provided: ${deed} ends the machine with the reason in the log, after the line printed just before`, async () => {
        await answers("/provided/main", 202);
        await died(`/provided/main/${deed}`);
        await lineOf("provided", new RegExp(`^C works on /${deed}$`));
        await lineOf("provided", how);
        await answers("/provided/main", 202);
      });
    }

    test("a request reaches a server as it came, with the variables and parameters of the manifest", async () => {
      const response = await platform.call("/server/main/a%20b?c=d&e", { method: "PUT", body: "x" });
      assert.deepEqual(await response.json(), {
        method: "PUT",
        url: "/a%20b?c=d&e",
        kind: "http",
        part: "beside it",
        greeting: "Hello, Ada!",
        args: ["--greeting=hello"],
        colour: "green",
      });
      assert.equal(response.headers.get("x-own"), "one, two");
      await lineOf("server", /^listens with --greeting=hello$/);
    });

    test("a server in C answers, and its line belongs to the invocation", async () => {
      const response = await platform.call("/server/native/path?q");
      assert.deepEqual([response.status, await response.text()], [200, "hello from C: GET /path?q HTTP/1.1"]);
      const { function: name, invocation } = await lineOf("server", /^C works on GET \/path\?q HTTP\/1\.1$/);
      assert.deepEqual([name, typeof invocation], ["native", "string"]);
    });

    test("a server's reply begins while the request still comes, and both stream", async () => {
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
      const large = "0123456789".repeat(100_000);
      piece(large);
      socket.write("0\r\n\r\n");
      await eventually(
        "the end",
        () => got,
        () => got.endsWith("0\r\n\r\n"),
      );
      assert.ok(got.startsWith("HTTP/1.1 200"));
    });

    test("many calls wait in one server at the same time", async () => {
      await answers("/server/main/wait", 200);
      const replies = await Promise.all(Array.from({ length: 60 }, async () => (await platform.call("/server/main/wait")).text()));
      assert.deepEqual(new Set(replies), new Set(["waited"]));
      const machines = (await platform.client.machines()).filter(({ app }) => app === "server");
      assert.ok(machines.length <= 10, `${machines.length} machines`);
    });

    test("a server that ends before it listens fails the call, with what it printed in the log", async () => {
      const { code } = await errorOf(await platform.call("/server/exits"));
      assert.equal(code, "function-load-failed");
      await lineOf("server", /^there is no database$/);
      await lineOf("server", /node of function exits ended with code 3 before it listened on \$PORT/);
    });

    test("a server that never listens fails at the call's deadline, and other functions work", async () => {
      const response = await platform.call("/server/silent");
      assert.deepEqual([response.status, (await errorOf(response)).code], [504, "function-timeout"]);
      await lineOf("server", /^up, and deaf$/);
      await answers("/server/main", 200);
    });

    test("a server that floods headers fails the call alone", async () => {
      await answers("/server/main", 200);
      const before = new Set((await platform.client.machines()).map(({ id }) => id));
      const response = await platform.call("/server/main/flood");
      assert.deepEqual([response.status, (await errorOf(response)).code], [500, "function-threw"]);
      await lineOf("server", /sent no valid response/);
      await answers("/server/main", 200);
      assert.ok((await platform.client.machines()).some(({ app, id }) => app === "server" && before.has(id)));
    });

    for (const [deed, how] of [
      ["exit", /ended with code 7, which ends its machine/],
      ["crash", /was ended by SIGABRT, which ends its machine/],
    ] as const) {
      test(`server: ${deed} ends the machine with the reason in the log, after the line printed just before`, async () => {
        await answers("/server/main", 200);
        await died(`/server/main/${deed}`);
        const { invocation } = await lineOf("server", new RegExp(`^asked to ${deed} as `));
        assert.equal(typeof invocation, "string");
        await lineOf("server", how);
        await answers("/server/main", 200);
      });
    }

    for (const [app, status] of [
      ["provided", 202],
      ["server", 200],
    ] as const) {
      test(`${app}: eating memory ends the machine with the reason in the log, and the next call works`, async () => {
        await answers(`/${app}/main`, status);
        await died(`/${app}/main/leak`);
        await lineOf(app, /out of memory/i);
        await answers(`/${app}/main`, status);
      });

      test(`${app}: a spin is ended at its deadline, and the next call works`, async () => {
        await answers(`/${app}-spinner/main`, status);
        const { code } = await errorOf(await platform.call(`/${app}-spinner/main/spin`));
        assert.ok(["function-timeout", "machine-died"].includes(code), code);
        await answers(`/${app}-spinner/main`, status);
      });
    }
  });
}

describe("a deploy of programs", () => {
  const scope = createScope();
  after(() => scope.close());
  const refused = (folder: string, what: RegExp, code = "build-failed") => assert.rejects(bundleApp(folder), { code, message: what });
  const app = (manifest: object, files: Record<string, string | Buffer> = {}): string => {
    const folder = temporaryFolder(scope);
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: "x", ...manifest }));
    for (const [path, content] of Object.entries(files)) {
      writeFileSync(join(folder, path), content);
      chmodSync(join(folder, path), 0o644);
    }
    return folder;
  };
  const provided = (bootstrap: string | Buffer) => app({ runtime: "provided", functions: { f: { entry: "bootstrap" } } }, { bootstrap });
  const server = (command: string[], files: Record<string, string> = {}, more: object = {}) =>
    app({ runtime: "server", functions: { f: { command } }, ...more }, files);

  test("names what keeps a program from running in machines", async () => {
    const program = await compile(join(projectDir, client));
    const arm = Buffer.from(program);
    arm.writeUInt16LE(183, 18);
    await refused(provided(arm), /function f.*bootstrap is not for x86-64/);
    const musl = Buffer.from(program.toString("latin1").replace("/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1\0\0\0"), "latin1");
    await refused(provided(musl), /needs the loader \/lib\/ld-musl-x86_64\.so\.1, which machines lack/);
    const lacking = Buffer.from(program.toString("latin1").replaceAll("libc.so.6", "libq.so.6"), "latin1");
    await refused(provided(lacking), /needs the library libq\.so\.6, which machines lack/);
    const newer = Buffer.from(program.toString("latin1").replaceAll("GLIBC_2.34", "GLIBC_2.99"), "latin1");
    await refused(provided(newer), /needs GLIBC_2\.99 of libc\.so\.6, which is older in machines/);
    await refused(provided("#!/usr/bin/python3\n"), /needs the interpreter \/usr\/bin\/python3, which machines lack/);
    await refused(provided("hello"), /neither a program for Linux on x86-64 nor a script/);
    await refused(server(["ruby", "app.rb"], { "app.rb": "" }), /ruby is no program of machines/);
    await refused(server(["server"], { server: "" }), /server is no program of machines.*\.\/server/);
    await refused(server(["/usr/bin/env", "node"]), /\/usr\/bin\/env is no program of machines/);
  });

  test("takes a library that travels with the app, where the app's variables say it is", async () => {
    const program = await compile(join(projectDir, client));
    const needs = Buffer.from(program.toString("latin1").replaceAll("libc.so.6", "libq.so.6"), "latin1");
    const folder = app(
      { runtime: "provided", functions: { f: { entry: "bootstrap" } }, files: ["*.so.6"], env: { LD_LIBRARY_PATH: "/var/task" } },
      { bootstrap: needs, "libq.so.6": program },
    );
    assert.equal((await bundleApp(folder)).files.count, 2);
  });

  test("refuses a command that leads out of the folder or to nothing, and keys of the other runtimes", async () => {
    const bad = "bad-manifest";
    await refused(server(["./no-such"]), /functions\.f\.command begins with "\.\/no-such", but there is no such file/, bad);
    await refused(server(["../../bin/sh"]), /must stay inside/, bad);
    const folder = server(["./link"]);
    symlinkSync(process.execPath, join(folder, "link"));
    await refused(folder, /link that leads out/, bad);
    await refused(app({ runtime: "server", functions: { f: { entry: "a.js" } } }), /functions\.f\.command .*is required/, bad);
    await refused(
      app({ runtime: "server", functions: { f: { entry: "a.js", command: ["./a"] } } }),
      /functions\.f\.entry is .* must be left out/,
      bad,
    );
    await refused(
      app({ runtime: "provided", functions: { f: { command: ["./a"] } } }),
      /functions\.f\.command .*is a key of the runtime/,
      bad,
    );
    await refused(app({ functions: { f: {} } }), /functions\.f\.entry .*is required/, bad);
  });

  test("takes the files that a command names, and what scripts among them import, and warns of packages", async () => {
    const folder = server(["node", "server.mjs", "own.json", "other"], {
      "server.mjs": 'import "./part.mjs"; import "express";',
      "part.mjs": "",
      "own.json": "{}",
      "unused.mjs": "",
    });
    const { bundles, files, warnings } = await bundleApp(folder);
    assert.deepEqual(files.named, ["own.json", "part.mjs", "server.mjs"]);
    assert.match(warnings.join("\n"), /imports express \(server\.mjs:1:\d+\), which is not in the machine/);
    assert.deepEqual(
      bundles.map(({ function: name, format, code }) => [name, format, name === "f" ? code.byteLength : "files"]),
      [
        ["f", "server", 0],
        ["", "files", "files"],
      ],
    );
  });

  test("of either runtime is refused where machines have OSv", async () => {
    const platform = await startPlatform(scope, { driver: "process", kernel: "linux" });
    for (const folder of [await providedApp(scope), await serverApp(scope)]) {
      const { manifest, bundles } = await bundleApp(folder);
      await assert.rejects(platform.client.deploy({ ...manifest, kernel: "osv" }, bundles), /osv/);
    }
  });

  test("is refused by the server if its code and files do not fit its manifest", async () => {
    const platform = await startPlatform(scope, { driver: "process", kernel: "linux" });
    const { manifest, bundles } = await bundleApp(await providedApp(scope));
    const refuse = (changed: typeof bundles, what: RegExp) =>
      assert.rejects(platform.client.deploy(manifest, changed), { code: "bad-request", message: what });
    const [first, ...rest] = bundles as [(typeof bundles)[0], ...typeof bundles];
    await refuse([{ ...first, code: Buffer.from("x") }, ...rest], /has 1 bytes, and must have none/);
    await refuse(
      bundles.filter(({ format }) => format !== "files"),
      /entry of function main is bin\/bootstrap, which is not among the app's files/,
    );
    await refuse([{ ...first, format: "server" }, ...rest], /format server, which the manifest's runtime provided does not run/);
  });
});
