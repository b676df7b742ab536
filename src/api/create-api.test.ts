import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { Bundle, Catalog, Version } from "../catalog/catalog.ts";
import { type Manifest, manifestSchema } from "../catalog/manifest.ts";
import { openCatalog } from "../catalog/sqlite.ts";
import { createLedger } from "../ledger/create-ledger.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LogLine, Logs } from "../logs/logs.ts";
import { openLogs } from "../logs/open-logs.ts";
import { LogLevel } from "../wire/protocol.ts";
import { type Client, createClient } from "./client.ts";
import { type Api, createApi } from "./create-api.ts";
import type { Listening } from "./listen.ts";
import type { HostInfo, MachineInfo } from "./schemas.ts";

const token = "correct-horse-battery";
const hostInfo: HostInfo = {
  version: "0.1.0",
  pid: 1,
  uptimeMs: 5,
  driver: { name: "process", detail: "by name" },
  urls: { gateway: "http://127.0.0.1:8080", api: "http://127.0.0.1:7070" },
};
const machine: MachineInfo = {
  id: "m1",
  app: "shop",
  driver: "process",
  state: "bound",
  slots: { used: 1, total: 100 },
  memoryBytes: 1,
  cpuUs: 2,
  ageMs: 3,
};

let dir: string;
let catalog: Catalog;
let logs: Logs;
let ledger: Ledger;
let api: Api;
let server: Listening;
let client: Client;
/** What the platform was told. */
let told: (Version | string)[];
let failures: unknown[];
/** Resolves when a follower of the logs is stopped. */
let released: PromiseWithResolvers<void>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-api-"));
  told = [];
  failures = [];
  const onFailure = (): void => assert.fail();
  catalog = openCatalog(join(dir, "catalog.db"), join(dir, "key"));
  logs = openLogs(join(dir, "logs"), { onFailure });
  ledger = createLedger(join(dir, "ledger.db"), { onFailure });
  const platform = {
    prepare: async () => {},
    deployed: (version: Version) => void told.push(version),
    removed: (app: string) => void told.push(app),
    machines: () => [machine],
    host: () => hostInfo,
  };
  released = Promise.withResolvers();
  api = createApi({ catalog, logs: watchingFollowers(logs), ledger, platform, token, onError: (error) => failures.push(error) });
  server = await api.listen({ address: "127.0.0.1:0", allowInsecureBind: false });
  client = createClient({ url: server.url, token });
});
afterEach(async () => {
  await server.close();
  await logs.close();
  ledger.close();
  catalog.close();
  rmSync(dir, { recursive: true });
  assert.deepEqual(failures, []);
});

describe("the document", () => {
  test("is valid OpenAPI 3.1 and needs no token", async () => {
    const document = await openApi();
    assert.equal(document.openapi, "3.1.0");
    const { valid, errors } = await new Validator().validate({ ...document });
    assert.ok(valid, JSON.stringify(errors));
  });

  test("every route in it but health answers 401 without the token, with a wrong one, and with one in another scheme", async () => {
    const { paths } = await openApi();
    let seen = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        seen++;
        const wanted = security?.length === 0 ? 200 : 401;
        const url = server.url + path.replaceAll(/\{\w+\}/g, "shop");
        for (const authorization of [undefined, "Bearer wrong", `Basic ${token}`, "Bearer"]) {
          const response = await fetch(url, {
            method: method.toUpperCase(),
            headers: authorization === undefined ? {} : { authorization },
          });
          assert.equal(response.status, wanted, `${method} ${path} ${authorization}`);
        }
      }
    }
    assert.equal(seen, 14);
  });

  test("every route that is served is in it", async () => {
    const { paths } = await openApi();
    const documented = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const served = api.app.routes
      .filter(({ method, path }) => method !== "ALL" && path !== "/openapi.json")
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    assert.deepEqual([...new Set(served)].toSorted(), documented.toSorted());
  });
});

test("docs/api.md lists every route and no other", async () => {
  const { paths } = await openApi();
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const text = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");
  const told = [...text.matchAll(/^\| `([A-Z]+ \/v1[^`]*)` \|/gm)].map(([, route = ""]) => route);
  assert.deepEqual(told.toSorted(), documented.toSorted());
});

describe("apps", () => {
  test("a deploy is stored, told to the platform and listed", async () => {
    const bundles = [bundle("main", "cjs", "module.exports = 1"), bundle("other", "esm", "export default 2")];
    const version = await client.deploy(manifest({ functions: { main: { entry: "a.ts" }, other: { entry: "b.ts" } } }), bundles);
    assert.deepEqual(told, [version]);
    assert.deepEqual(catalog.live("shop"), version);
    assert.deepEqual(plain(catalog.bundles("shop", version.id)), plain(bundles));
    assert.deepEqual(await client.list(), [{ app: "shop", live: version, versions: [{ id: version.id, createdAt: version.createdAt }] }]);
    assert.deepEqual(await client.app("shop"), (await client.list())[0]);
  });

  test("pointTo goes back to an older version", async () => {
    const old = await deploy("one");
    await deploy("two");
    assert.deepEqual(await client.pointTo("shop", old.id), old);
    assert.deepEqual(told.at(-1), old);
    await assert.rejects(client.pointTo("shop", "f00"), { code: "no-such-version", message: "App shop has no version f00." });
  });

  test("remove takes everything of the app", async () => {
    await deploy("one");
    logs.append({ at: 1, app: "shop", level: LogLevel.Info, text: "hi" });
    await client.remove("shop");
    assert.equal(told.at(-1), "shop");
    assert.deepEqual(await client.list(), []);
    await assert.rejects(client.logs({ app: "shop" }), { code: "no-such-app" });
    await assert.rejects(client.remove("shop"), { code: "no-such-app" });
    await assert.rejects(client.app("shop"), { code: "no-such-app", cure: /mayfly list/ });
  });

  test("a deploy that does not fit together is refused and leaves nothing", async () => {
    const refused = (given: Manifest, bundles: Bundle[], code: string, message: RegExp) =>
      assert.rejects(client.deploy(given, bundles), { code, message });
    const main = bundle("main", "cjs", "1");
    await refused(manifest(), [], "bad-request", /function main, but no part/);
    await refused(manifest(), [bundle("other", "cjs", "1")], "bad-request", /function main, but no part/);
    await refused(manifest(), [main, bundle("other", "cjs", "1")], "bad-request", /function other was sent/);
    await refused(manifest(), [main, main], "bad-request", /function main was sent.*twice/);
    await refused(manifest({ memoryMb: 1 }, false), [main], "bad-manifest", /memoryMb is 1, but must be at least 128/);
    await refused(manifest({ nonsense: 1 }, false), [main], "bad-manifest", /nonsense is no key.*memoryMb/);
    await refused(manifest(), [bundle("main", "cjs", "x".repeat(67_108_865))], "code-too-large", /67108865/);
    assert.deepEqual(await client.list(), []);
    assert.deepEqual(told, []);
  });
});

describe("secrets", () => {
  test("are set, listed by name and removed; their values never come back", async () => {
    await client.setSecret("shop", "KEY", "value");
    assert.deepEqual(await client.secretNames("shop"), ["KEY"]);
    assert.deepEqual(catalog.secrets("shop", ["KEY"]), { KEY: "value" });
    await client.removeSecret("shop", "KEY");
    await client.removeSecret("shop", "KEY");
    assert.deepEqual(await client.secretNames("shop"), []);
  });

  test("a change renews the machines of an app that names the secret, and of no other", async () => {
    const version = await client.deploy(manifest({ secrets: ["KEY"] }), [bundle("main", "cjs", "1")]);
    await client.setSecret("shop", "OTHER", "x");
    assert.equal(told.length, 1);
    await client.setSecret("shop", "KEY", "x");
    assert.deepEqual(told, [version, version]);
  });
});

describe("logs", () => {
  test("the tail filters as asked", async () => {
    await deploy("one");
    for (const [at, name] of [
      [1, "a"],
      [2, "b"],
      [3, "a"],
    ] as const)
      logs.append({ at, app: "shop", function: name, level: LogLevel.Warn, text: `at ${at}` });
    assert.deepEqual(texts(await client.logs({ app: "shop" })), ["at 1", "at 2", "at 3"]);
    assert.deepEqual(texts(await client.logs({ app: "shop", function: "a", tail: 1 })), ["at 3"]);
    assert.deepEqual(texts(await client.logs({ app: "shop", since: 2 })), ["at 2", "at 3"]);
    assert.deepEqual((await client.logs({ app: "shop", tail: 1 }))[0], { at: 3, app: "shop", function: "a", level: "warn", text: "at 3" });
  });

  test("follow gives the tail, then new lines, and lets go when the caller does", async () => {
    await deploy("one");
    logs.append({ at: 1, app: "shop", level: LogLevel.Info, text: "old" });
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { text } of client.follow({ app: "shop" }, controller.signal)) {
      seen.push(text);
      if (seen.length === 3) controller.abort();
      else logs.append({ at: 2, app: "shop", level: LogLevel.Info, text: `new ${seen.length}` });
    }
    assert.deepEqual(seen, ["old", "new 1", "new 2"]);
    await released.promise;
  });
});

describe("the platform", () => {
  test("host, machines and usage are what the rooms say", async () => {
    ledger.record({ at: 1, app: "shop", machine: "m1", cpuUs: 2_000_000, requests: 4 });
    ledger.record({ at: 1, app: null, machine: "m1", cpuUs: 1_000_000 });
    assert.deepEqual(await client.host(), hostInfo);
    assert.deepEqual(await client.machines(), [machine]);
    const usage = await client.usage();
    assert.deepEqual([usage.total.cpuSeconds, usage.platform.cpuSeconds, usage.apps[0]?.requests], [3, 1, 4]);
    assert.deepEqual((await client.usage("none")).apps, []);
  });

  test("health needs no token", async () => {
    await createClient({ url: server.url, token: "none" }).health();
  });
});

describe("what is malformed", () => {
  test("a path that is none is told apart", async () => {
    const response = await raw("GET", "/v1/nothing");
    assert.equal(response.status, 404);
    assert.partialDeepStrictEqual(await response.json(), { error: { code: "no-such-api-route" } });
  });

  const cases: [string, string, string, string | undefined, RegExp][] = [
    ["JSON that is none", "PUT", "/v1/apps/shop/live", "{", /JSON/],
    ["a wrong type", "PUT", "/v1/apps/shop/live", '{"version":1}', /version in the body is 1, but must be a string/],
    ["an unknown key", "PUT", "/v1/apps/shop/live", '{"version":"a","nonsense":1}', /nonsense in the body is no key/],
    ["a missing key", "PUT", "/v1/apps/shop/live", "{}", /version in the body is missing/],
    ["a bad name in the path", "GET", "/v1/apps/..%2fshop", undefined, /app in the path/],
    ["a bad number in the query", "GET", "/v1/apps/shop/logs?tail=-1", undefined, /tail in the query.*at least 0/],
    ["an unknown key in the query", "GET", "/v1/usage?nonsense=1", undefined, /nonsense in the query/],
    ["a body that is too large", "PUT", "/v1/apps/shop/live", JSON.stringify({ version: "x".repeat(300_000) }), /over the limit/],
  ];
  for (const [name, method, path, body, message] of cases) {
    test(`${name} is refused by name`, async () => {
      const response = await raw(method, path, body);
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      assert.equal(error.code, "bad-request");
      assert.match(error.message, message);
    });
  }

  test("a page of another origin gets no permission to read", async () => {
    const response = await fetch(`${server.url}/v1/health`, { headers: { origin: "http://evil.example" } });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  });
});

describe("the client", () => {
  test("says that nobody answers, and why", async () => {
    const { url } = server;
    await server.close();
    await assert.rejects(client.list(), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, new RegExp(`No Mayfly answers at ${url}: .*ECONNREFUSED`));
      return true;
    });
    server = { url, close: () => Promise.resolve() };
  });

  test("with a wrong token is told so", async () => {
    await assert.rejects(createClient({ url: server.url, token: "wrong" }).list(), { code: "unauthorized" });
  });
});

function watchingFollowers(logs: Logs): Logs {
  return {
    ...logs,
    follow(query, callback) {
      const stop = logs.follow(query, callback);
      return () => {
        stop();
        released.resolve();
      };
    },
  };
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { security?: unknown[] }>>;
}

async function openApi(): Promise<Document> {
  const response = await fetch(`${server.url}/openapi.json`);
  return (await response.json()) as Document;
}

function raw(method: string, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) };
  return fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
}

/** @param checked false: as a client with other rules would send it */
function manifest(more: object = {}, checked = true): Manifest {
  const given = { name: "shop", functions: { main: { entry: "main.ts" } }, ...more };
  return checked ? manifestSchema.parse(given) : (given as unknown as Manifest);
}

function bundle(name: string, format: Bundle["format"], code: string): Bundle {
  return { function: name, format, code: Buffer.from(code) };
}

function deploy(code: string) {
  return client.deploy(manifest(), [bundle("main", "cjs", code)]);
}

function plain(bundles: Bundle[]) {
  return bundles.map(({ function: name, format, code }) => [name, format, Buffer.from(code).toString()]);
}

function texts(lines: LogLine[]): string[] {
  return lines.map(({ text }) => text);
}
