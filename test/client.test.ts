/** The npm package @mayfly/client, as whoever installs it has it, against a real server; and the API's document, which its types are made from. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { buildSync } from "esbuild";
import { createMayfly, errorOf, type Mayfly, MayflyError } from "../packages/client/src/index.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { openBrowser, openPage } from "./browser.ts";
import { clientFolder, clientTypes, typesFile } from "./client-types.ts";
import { createScope, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const run = promisify(execFile);
const text = 'export default { fetch() { console.log("hey"); return new Response("hey"); } };';
const deployment = (name: string) => ({
  manifest: { name, functions: { hello: { entry: "hello.mjs" } }, secrets: [] },
  functions: { hello: { code: text, format: "esm" as const } },
});

test("the package's types are those of the API's document: `node test/client-types.ts` writes them", async () => {
  assert.equal(readFileSync(typesFile, "utf8"), await clientTypes());
});

describe("@mayfly/client", () => {
  const scope = createScope();
  let platform: Platform;
  let mayfly: Mayfly;
  let options: { url: string; token: string };

  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    options = { url: platform.running.apiUrl, token: platform.running.token };
    mayfly = createMayfly(options);
  });
  after(() => scope.close());

  test("packed and installed in an empty folder, its example runs on plain Node, and its types hold under tsc --strict", async () => {
    const folder = temporaryFolder(scope);
    await run("npm", ["pack", "--pack-destination", folder], { cwd: clientFolder });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
    await run("npm", ["install", "./mayfly-client-0.1.0.tgz", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
    cpSync(join(clientFolder, "examples/first-steps.mjs"), join(folder, "first-steps.mjs"));
    const env = { ...process.env, MAYFLY_API: options.url, MAYFLY_TOKEN: options.token };
    // The system's Node, which is older, if there is one.
    const others = ["/usr/bin/node", "/usr/local/bin/node"].filter((path) => existsSync(path)).slice(0, 1);
    for (const [at, node] of [process.execPath, ...others].entries()) {
      const { stdout } = await run(node, ["first-steps.mjs"], { cwd: folder, env });
      // An app that is removed and made anew goes on with its numbers and its bill.
      assert.deepEqual(stdout.trim().split("\n"), [
        "secrets [ 'KEY' ]",
        `deployed ${at + 1} true`,
        "reply 200 Hello, Ada, s3cret!",
        "log somebody calls",
        `requests ${at + 1}`,
        "limit 1000",
        "no such app no-such-route",
        "error no-such-app 404 true",
      ]);
    }
    const user = `
      import { createMayfly, MayflyError, ok, type ErrorCode, type LogLine } from "@mayfly/client";
      const mayfly = createMayfly({ url: "http://127.0.0.1:1", token: "t" });
      export async function use(): Promise<number> {
        const { apps, next } = await ok(mayfly.api.GET("/v1/apps", { params: { query: { limit: 10 } } }));
        const live: number | undefined = apps[0]?.live?.number;
        // @ts-expect-error there is no such route
        await mayfly.api.GET("/v1/nothing");
        // @ts-expect-error the app is missing
        await mayfly.api.GET("/v1/apps/{app}", {});
        // @ts-expect-error a limit is a number
        await mayfly.api.PATCH("/v1/apps/{app}/limits", { params: { path: { app: "a" } }, body: { requests: "many" } });
        const lines: LogLine[] = await mayfly.logs("shop", { tail: 5 });
        try {
          await mayfly.remove("shop");
        } catch (error) {
          const code: ErrorCode | undefined = error instanceof MayflyError ? error.code : undefined;
          // @ts-expect-error there is no such code
          if (code === "no-such-code") return 0;
        }
        return lines.length + (live ?? 0) + (next === null ? 0 : 1);
      }`;
    writeFileSync(join(folder, "use.ts"), user);
    const strict = [
      "--strict",
      "--noEmit",
      "--exactOptionalPropertyTypes",
      "--noUncheckedIndexedAccess",
      "--module",
      "nodenext",
      "--target",
      "es2022",
    ];
    await run(join(projectDir, "node_modules/.bin/tsc"), [...strict, "--lib", "es2022,dom,dom.iterable", "--types", "", "use.ts"], {
      cwd: folder,
    }).catch(({ stdout }: { stdout: string }) => assert.fail(stdout));
  });

  test("a server whose list of apps does not go on is asked no further", async () => {
    for (const nexts of [["a", "a"], ["b", "a"], [""]]) {
      let asked = 0;
      const hostile = createMayfly({
        url: "http://127.0.0.1:1",
        token: "t",
        fetch: async () => Response.json({ apps: [], next: nexts[asked++] ?? null }),
      });
      await assert.rejects(hostile.apps(), /does not go on/);
      assert.equal(asked, nexts.length);
    }
    const pages = ["a", "b", null];
    const honest = createMayfly({
      url: "http://127.0.0.1:1",
      token: "t",
      fetch: async () => Response.json({ apps: [], next: pages.shift()! }),
    });
    assert.deepEqual(await honest.apps(), []);
  });

  test("what the server answers is what its document says", async () => {
    const document = (await (await fetch(`${options.url}/openapi.json`)).json()) as ApiDocument;
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    assert.ok(ids.every((id) => id !== undefined) && new Set(ids).size === ids.length, "every operation has an id of its own");
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema({ $id: "document", components: document.components });
    let checked = 0;
    const checking = createMayfly({
      ...options,
      async fetch(request) {
        const response = await fetch(request);
        const { pathname } = new URL(request.url);
        const path = Object.keys(document.paths).find((each) => new RegExp(`^${each.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname));
        if (path === undefined || response.status === 204) return response;
        const { content } = document.paths[path]![request.method.toLowerCase()]!.responses[response.status]!;
        const schema = content!["application/json"]?.schema;
        if (schema === undefined) return response;
        const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object);
        const body: unknown = await response.clone().json();
        assert.ok(validate(body), `${request.method} ${path}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`);
        checked++;
        return response;
      },
    });
    assert.deepEqual(
      [(await checking.deploy(deployment("first"))).number, (await checking.deploy(deployment("first"))).changed],
      [1, false],
    );
    assert.equal(await (await checking.call("/first/hello")).text(), "hey");
    await checking.setSecret("first", "KEY", "value");
    await platform.logged("first", /hey/);
    await checking.logs("first");
    await checking.bill();
    await checking.appBill("first");
    // Every list and look that needs no more than an app's name.
    const skipped = /follow|live$|content|metrics$|openapi|calls$/;
    for (const [path, methods] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      if (methods["get"] === undefined || skipped.test(path) || names.some((name) => name !== "app")) continue;
      const query = path.endsWith("history") ? { span: "hour" } : {};
      await checking.api.GET(path as "/v1/apps/{app}", { params: { path: { app: "first" }, query } as never });
    }
    await assert.rejects(checking.logs("none"), { code: "no-such-app" });
    assert.ok(checked > 30, `${checked} replies`);
    await checking.remove("first");
  });

  test("errors have the server's code, cure and status, whatever went wrong", async () => {
    await assert.rejects(createMayfly({ ...options, token: "wrong" }).apps(), (error: unknown) => {
      assert.ok(error instanceof MayflyError);
      assert.deepEqual([error.code, error.status, error.docs], ["unauthorized", 401, "docs/errors.md#unauthorized"]);
      assert.match(error.cure, /./);
      return true;
    });
    await assert.rejects(createMayfly({ url: "http://127.0.0.1:9", token: "t" }).apps(), { code: "api-unreachable", status: 0 });
    await assert.rejects(createMayfly({ url: platform.running.gatewayUrl, token: "t" }).bill(), MayflyError);
    for (const name of ["..", "."]) await assert.rejects(mayfly.remove(name), { code: "bad-request" });
    await assert.rejects(mayfly.deploy({ manifest: { name: "bad", functions: { f: { entry: "f.mjs" } } }, functions: {} }), {
      code: "bad-request",
    });
    const stopped = AbortSignal.abort();
    await assert.rejects(mayfly.api.GET("/v1/apps", { signal: stopped }), { name: "AbortError" });
    assert.equal(await errorOf(Response.json({ error: "the function's own" }, { status: 500 })), undefined);
    assert.equal(await errorOf(Response.json(null, { status: 500 })), undefined);
  });

  test("a log is followed line by line, until the signal is aborted or the reader has enough", async () => {
    await mayfly.deploy(deployment("followed"));
    await mayfly.call("followed/hello");
    const stop = new AbortController();
    let seen = 0;
    for await (const { app, text: line } of mayfly.followLogs("followed", {}, stop.signal)) {
      assert.equal(app, "followed");
      if (line !== "hey") continue;
      seen++;
      if (seen === 3) stop.abort();
      else await mayfly.call("followed/hello");
    }
    assert.equal(seen, 3);
    for await (const _ of mayfly.followLogs("followed")) break;
  });

  test("a tenant's functions are called below the tenant", async () => {
    await platform.client.createTenant("acme");
    const acme = createMayfly({ ...options, tenant: "acme" });
    await acme.deploy(deployment("shop"));
    assert.equal(await (await acme.call("shop/hello")).text(), "hey");
    assert.equal((await mayfly.call("shop/hello")).status, 404);
    const ofAcme = createClient({ ...options, tenant: "acme" });
    const { token } = await ofAcme.createToken({ principal: "ada", role: "deployer", apps: null });
    const ada = createMayfly({ url: options.url, token });
    assert.deepEqual(
      (await ada.apps()).map(({ app }) => app),
      ["shop"],
    );
    assert.equal(await (await ada.call("shop/hello")).text(), "hey");
  });

  test("it works in a browser, in a page of the server", async () => {
    await mayfly.deploy(deployment("seen"));
    await mayfly.call("seen/hello");
    const built = buildSync({
      entryPoints: [join(clientFolder, "src/index.ts")],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "client",
      platform: "browser",
      nodePaths: [join(projectDir, "node_modules")],
    });
    const bundle = built.outputFiles[0]!.text;
    const page = await openPage(scope, await openBrowser(scope), {}, /401|404/);
    await page.goto(`${options.url}/`);
    const found = await page.evaluate(`(async () => {
      ${bundle}
      const mayfly = client.createMayfly({ url: "", token: ${JSON.stringify(options.token)} });
      const apps = (await mayfly.apps()).map(({ app }) => app);
      let line;
      for await (const each of mayfly.followLogs("seen")) if (each.text === "hey") { line = each.text; break; }
      const failed = await mayfly.logs("none").catch(({ code }) => code);
      return { seen: apps.includes("seen"), line, failed };
    })()`);
    assert.deepEqual(found, { seen: true, line: "hey", failed: "no-such-app" });
  });
});

interface ApiDocument {
  components: object;
  paths: Record<
    string,
    Record<string, { operationId?: string; responses: Record<number, { content?: Record<string, { schema?: object }> }> }>
  >;
}
