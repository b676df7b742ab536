/** The routes of apps, aliases, secrets and logs, over a real catalog. The file is long because all tests share one setting. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Bundle, Catalog } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import type { LogLine, Logs } from "../../store/logs/logs.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { PlatformEvent } from "../../telemetry/platform-event.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { type Client, createClient } from "./client.ts";
import { bundle, decisions, hostInfo, machine, manifest, type ServedApi, serveApi } from "./testing/serve-api.ts";
import { bundlesOf } from "../../store/catalog/testing/open-catalog.ts";

let served: ServedApi;
let catalog: Catalog;
let logs: Logs;
let client: Client;
let told: ServedApi["told"];

beforeEach(async () => {
  served = await serveApi();
  ({ catalog, logs, client, told } = served);
});
afterEach(() => served.close());

describe("apps", () => {
  test("a deploy is stored, served and listed", async () => {
    const bundles = [bundle("main", "cjs", "module.exports = 1"), bundle("other", "esm", "export default 2")];
    const given = manifest({ functions: { main: { entry: "a.ts" }, other: { entry: "b.ts" } } });
    const { changed: _, before: __, canary: ___, ...revision } = await client.deploy(given, bundles);
    const app = served.id("shop");
    assert.deepEqual(told, [{ app, targets: [[1, 1]] }]);
    const { id, number, digest, createdAt } = revision;
    assert.deepEqual(catalog.live(app), [{ revision: { ...revision, app, tenant: mainTenant }, weight: 1 }]);
    assert.deepEqual(plain(await bundlesOf(catalog, id)), plain(bundles));
    assert.deepEqual(await client.apps(), [
      {
        app: "shop",
        live: revision,
        problem: null,
        versions: [{ id, createdAt }],
        revisions: [{ id, number, digest, createdAt, runtimes: ["node"] }],
        aliases: [{ name: "live", targets: [{ revision: id, number: 1, weight: 1 }] }],
      },
    ]);
    assert.deepEqual(await client.app("shop"), (await client.apps())[0]);
  });

  test("deploys, aliases, secrets, limits and removals are told as events, and no secret's value is", async () => {
    const heard: PlatformEvent[] = [];
    const at = 0;
    const hear = (event: PlatformEvent) => void heard.push({ ...event, at } as PlatformEvent);
    const types = ["app-deployed", "alias-pointed", "alias-removed", "secrets-changed", "limits-set", "app-removed"] as const;
    served.events.listen(Object.fromEntries(types.map((type) => [type, hear])));
    const first = await deploy("one");
    const app = served.id("shop");
    await deploy("one");
    const second = await deploy("two");
    const targets = [
      { revision: first.id, weight: 1 },
      { revision: second.id, weight: 3 },
    ];
    await client.point("shop", "beta", targets);
    await client.removeAlias("shop", "beta");
    await client.setSecret("shop", "KEY", "hunter2");
    await client.setLimits("shop", { requests: 5 });
    await client.removeApp("shop");
    await assert.rejects(client.point("shop", "beta", targets));
    assert.deepEqual(heard, [
      { type: "app-deployed", at, app, revision: first.id, number: 1 },
      { type: "app-deployed", at, app, revision: second.id, number: 2 },
      { type: "alias-pointed", at, app, alias: "beta", targets },
      { type: "alias-removed", at, app, alias: "beta" },
      { type: "secrets-changed", at, app, secret: "KEY", set: true },
      { type: "limits-set", at, app, limits: { spend: null, requests: 5, cpuSeconds: null } },
      { type: "app-removed", at, app },
    ]);
  });

  test("a deploy of what is live already renews nothing", async () => {
    const first = await deploy("one");
    assert.deepEqual(await deploy("one"), first);
    assert.equal(told.length, 1);
  });

  test("a deploy tells whether it changed anything, and where calls went before", async () => {
    const upload = async (code: string) => {
      const { number, changed, before } = await client.deploy(manifest(), [bundle("main", "cjs", code)]);
      return [number, changed, before.map((target) => [target.number, target.weight])];
    };
    assert.deepEqual(await upload("one"), [1, true, []]);
    assert.deepEqual(await upload("two"), [2, true, [[1, 1]]]);
    assert.deepEqual(await upload("two"), [2, false, [[2, 1]]]);
    await client.point("shop", "live", [
      { revision: 2, weight: 90 },
      { revision: 1, weight: 10 },
    ]);
    const split = [
      [2, 90],
      [1, 10],
    ];
    assert.deepEqual(await upload("two"), [2, true, split], "it ends the split");
  });

  test("apps are listed a page at a time, and the client puts the pages together", async () => {
    const names = Array.from({ length: 205 }, (_, at) => `app-${String(at).padStart(3, "0")}`);
    for (const name of names) await catalog.deploy(mainTenant, manifest({ name }), [bundle("main", "cjs", name)]);
    assert.deepEqual(
      (await client.apps()).map(({ app }) => app),
      names,
    );
    assert.equal((await client.app("app-204")).app, "app-204");
    await assert.rejects(client.app("app-999"), { code: "no-such-app" });
    const page = catalog.page(mainTenant, "app-199", 3).map(({ name }) => name);
    assert.deepEqual(page, ["app-200", "app-201", "app-202"]);
    assert.deepEqual(
      catalog.deployed(mainTenant).map((id) => catalog.names.nameOf(id)?.name),
      names,
    );
  });

  test("a revision that the platform cannot serve is not stored, and calls go where they went before", async () => {
    const refused = manifest({ env: { REFUSE: "1" } });
    const bundles = [bundle("main", "cjs", "module.exports = 2")];
    await assert.rejects(client.deploy(refused, bundles), { code: "internal" });
    assert.deepEqual(await client.apps(), []);
    const last = told.at(-1);
    assert.ok(typeof last === "string" && last.startsWith("restored app_"), "the new app is taken away again");
    const revision = await deploy("one");
    await assert.rejects(client.deploy(refused, bundles), { code: "internal" });
    const { live, revisions } = await client.app("shop");
    assert.deepEqual([live, revisions.length], [revision, 1]);
    assert.equal(told.at(-1), `restored ${served.id("shop")}`);
    assert.equal(served.failures.splice(0).length, 2, "both are told in the server's log");
  });

  test("pointTo goes back to an older revision", async () => {
    const old = await deploy("one");
    await deploy("two");
    assert.deepEqual(await client.pointTo("shop", old.id), old);
    assert.deepEqual(told.at(-1), { app: served.id("shop"), targets: [[1, 1]] });
    assert.equal((await client.pointTo("shop", "2")).number, 2);
    assert.equal((await client.pointTo("shop", 1)).number, 1);
    assert.equal((await client.pointTo("shop", 2)).number, 2);
    assert.deepEqual(await client.pointTo("shop", old.digest), old, "as clients did before there were ids");
    await assert.rejects(client.pointTo("shop", "f00"), { code: "no-such-version", message: "App shop has no revision f00." });
  });

  test("remove deletes everything of the app", async () => {
    await deploy("one");
    logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Info, text: "hi" });
    await client.removeApp("shop");
    assert.equal(told.at(-1), `removed ${served.id("shop")}`);
    assert.deepEqual(await client.apps(), []);
    await assert.rejects(client.logs({ app: "shop" }), { code: "no-such-app" });
    await assert.rejects(client.removeApp("shop"), { code: "no-such-app" });
    await assert.rejects(client.app("shop"), { code: "no-such-app", cure: /mayfly list/ });
  });

  test("explain has the newest decisions, as many as were asked for, and only for apps that are deployed", async () => {
    await deploy("one");
    assert.deepEqual(await client.explain("shop"), { app: "shop", now: ["2.0 run at once on average"], facts: [], decisions });
    assert.deepEqual((await client.explain("shop", 1)).decisions, decisions.slice(1));
    assert.deepEqual((await client.explain("shop", 0)).decisions, []);
    await assert.rejects(client.explain("shop", 501), { code: "bad-request", message: /limit/ });
    await assert.rejects(client.explain("nobody"), { code: "no-such-app" });
  });

  test("a deploy whose parts do not fit together is refused and leaves nothing behind", async () => {
    const refused = (given: Manifest, bundles: Bundle[], code: string, message: RegExp) =>
      assert.rejects(client.deploy(given, bundles), { code, message });
    const main = bundle("main", "cjs", "1");
    await refused(manifest(), [], "bad-request", /function main, but its code was not uploaded/);
    await refused(manifest(), [bundle("other", "cjs", "1")], "bad-request", /function main, but its code was not uploaded/);
    await refused(manifest(), [main, bundle("other", "cjs", "1")], "bad-request", /function other was uploaded/);
    await refused(manifest(), [main, main], "bad-request", /function main was uploaded.*twice/);
    await refused(manifest({ memoryMb: 1 }, false), [main], "bad-manifest", /memoryMb is 1, but must be at least 128/);
    await refused(manifest({ nonsense: 1 }, false), [main], "bad-manifest", /nonsense is not a known key.*memoryMb/);
    await refused(manifest(), [bundle("main", "cjs", "x".repeat(67_108_865))], "code-too-large", /67108865/);
    assert.deepEqual(await client.apps(), []);
    assert.deepEqual(told, []);
  });
});

describe("aliases", () => {
  test("are made, pointed at revisions by weight, listed and removed; live stays", async () => {
    const [first, second] = [await deploy("one"), await deploy("two")];
    const targets = [
      { revision: 1, weight: 9 },
      { revision: second.id, weight: 1 },
    ];
    const canary = await client.point("shop", "canary", targets);
    const expected = [
      { revision: first.id, number: 1, weight: 9 },
      { revision: second.id, number: 2, weight: 1 },
    ];
    assert.deepEqual(canary, { name: "canary", targets: expected });
    assert.equal(told.length, 2, "only the alias live moves calls");
    assert.deepEqual(
      (await client.aliases("shop")).map(({ name }) => name),
      ["canary", "live"],
    );
    await client.point("shop", "live", [{ revision: 1 }]);
    assert.deepEqual(told.at(-1), { app: served.id("shop"), targets: [[1, 1]] });
    await client.removeAlias("shop", "canary");
    await assert.rejects(client.removeAlias("shop", "canary"), { code: "no-such-alias" });
    await assert.rejects(client.removeAlias("shop", "live"), { code: "bad-request", message: /live cannot be removed/ });
  });

  test("with invalid targets or names are refused, and nothing changes", async () => {
    const { id } = await deploy("one");
    const refused = (alias: string, targets: { revision: string | number; weight?: number }[], code: string, message: RegExp) =>
      assert.rejects(client.point("shop", alias, targets), { code, message });
    await refused("canary", [{ revision: 7 }], "no-such-version", /no revision 7/);
    await refused("canary", [{ revision: 1 }, { revision: id }], "bad-request", /named twice/);
    await refused("canary", [{ revision: 1, weight: 0 }], "bad-request", /weight/);
    await refused("canary", [], "bad-request", /targets/);
    await refused("LIVE", [{ revision: 1 }], "bad-request", /has the alias live, whose name differs in capitals only/);
    await refused("7", [{ revision: 1 }], "bad-request", /must not be a number/);
    await assert.rejects(client.point("none", "canary", [{ revision: 1 }]), { code: "no-such-app" });
    assert.deepEqual((await client.aliases("shop")).length, 1);
  });
});

describe("secrets", () => {
  test("are set, listed by name and removed; their values never come back", async () => {
    await client.setSecret("shop", "KEY", "value");
    assert.deepEqual(await client.secretNames("shop"), ["KEY"]);
    assert.deepEqual(catalog.secrets(served.id("shop"), ["KEY"]), { KEY: "value" });
    await client.removeSecret("shop", "KEY");
    await client.removeSecret("shop", "KEY");
    assert.deepEqual(await client.secretNames("shop"), []);
  });

  test("an empty value is refused, because a program would take it for a missing one", async () => {
    await assert.rejects(client.setSecret("shop", "KEY", ""), { code: "bad-request", message: /value in the body .*must not be empty/ });
    assert.deepEqual(await client.secretNames("shop"), []);
  });

  test("a change renews the machines of an app that names the secret, and of no other", async () => {
    await client.deploy(manifest({ secrets: ["KEY"] }), [bundle("main", "cjs", "1")]);
    await client.setSecret("shop", "OTHER", "x");
    assert.equal(told.length, 1);
    await client.setSecret("shop", "KEY", "x");
    assert.deepEqual(told.slice(1), [`renewed ${served.id("shop")}`]);
  });
});

describe("a secret that the host adds to requests", () => {
  const of = (more: Partial<Manifest> = {}): [Manifest, Bundle[]] => [
    manifest({
      network: "egress",
      inject: [{ host: "api.example.com", header: "authorization", secret: "API_KEY", prefix: "Bearer " }],
      ...more,
    }),
    [bundle("main", "cjs", "1")],
  ];
  const reason = /the secret API_KEY has characters that a header cannot have/;

  test("is refused when it is set if no header can have it, by its name, and the old value stays", async () => {
    await client.deploy(...of());
    await client.setSecret("shop", "API_KEY", "good\n");
    for (const value of ["hunter2\r\nx: y", "hunter2\u0000", "hunter2\u00e4", "hunter2\u2603", "hunter2\u007f"])
      await assert.rejects(client.setSecret("shop", "API_KEY", value), (error: Error & { code: string }) => {
        assert.equal(error.code, "bad-request");
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    await assert.rejects(client.setSecret("shop", "API_KEY", " \n"), { code: "bad-request", message: /API_KEY has nothing but spaces/ });
    assert.deepEqual(catalog.secrets(served.id("shop"), ["API_KEY"]), { API_KEY: "good\n" });
    await client.setSecret("shop", "OTHER", "a\nb");
  });

  test("is refused at the deploy that names it first", async () => {
    await client.setSecret("shop", "API_KEY", "hunter2\nx");
    await assert.rejects(client.deploy(...of()), (error: Error & { code: string }) => {
      assert.equal(error.code, "bad-manifest");
      assert.match(error.message, reason);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    assert.deepEqual(await client.apps(), []);
    await client.deploy(...of({ inject: [], secrets: ["API_KEY"] }));
  });

  test("keeps a revision that adds it from becoming live if it was set while another one was live", async () => {
    await client.deploy(...of());
    await client.deploy(...of({ inject: [] }));
    await client.setSecret("shop", "API_KEY", "hunter2\nx");
    const share = [
      { revision: 2, weight: 9 },
      { revision: 1, weight: 1 },
    ];
    await assert.rejects(client.point("shop", "live", share), (error: Error & { code: string }) => {
      assert.equal(error.code, "bad-request");
      assert.match(error.message, /revision 1 of shop cannot become live: the secret API_KEY has characters that a header cannot have/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    assert.deepEqual(
      catalog.live(served.id("shop")).map(({ revision }) => revision.number),
      [2],
    );
    await client.setSecret("shop", "API_KEY", "good");
    await client.point("shop", "live", share);
  });

  test("renews machines if it was not there, or if their code has it, too; otherwise it is read at each request", async () => {
    await client.deploy(...of());
    const before = told.length;
    await client.setSecret("shop", "API_KEY", "one");
    assert.equal(told.length, before + 1);
    await client.setSecret("shop", "API_KEY", "two");
    assert.equal(told.length, before + 1);
    await client.removeSecret("shop", "API_KEY");
    assert.equal(told.length, before + 2);
    await client.setSecret("shop", "API_KEY", "three");
    await client.deploy(...of({ secrets: ["API_KEY"] }));
    const again = told.length;
    await client.setSecret("shop", "API_KEY", "four");
    assert.equal(told.length, again + 1);
  });
});

describe("env, secrets and functions that are too large to be told to a machine", () => {
  const big = "x".repeat(50_000);
  const of = (more: Partial<Manifest>): [Manifest, Bundle[]] => [
    manifest({ secrets: ["A", "B", "C"], ...more }),
    [bundle("main", "cjs", "1")],
  ];

  test("are refused at deploy, with the secrets that are set by then", async () => {
    for (const name of ["A", "B"]) await client.setSecret("shop", name, big);
    await assert.rejects(client.deploy(...of({ env: { BIG: big } })), {
      code: "bad-manifest",
      message: /env, secrets and functions together take 150\d+ bytes/,
    });
    assert.deepEqual(await client.apps(), []);
    await client.deploy(...of({}));
  });

  test("are refused when a secret is set that makes them too large, and the old value stays", async () => {
    await client.deploy(...of({}));
    for (const name of ["A", "B", "UNUSED"]) await client.setSecret("shop", name, big);
    await client.setSecret("shop", "C", "old");
    await assert.rejects(client.setSecret("shop", "C", big), {
      code: "bad-request",
      message: /with this value of C, env, secrets and functions/,
    });
    assert.deepEqual(catalog.secrets(served.id("shop"), ["C"]), { C: "old" });
  });

  test("are refused when a revision would become live that names more of them than the one for which they were set", async () => {
    await client.deploy(...of({}));
    await client.deploy(...of({ secrets: ["A"] }));
    for (const name of ["A", "B", "C"]) await client.setSecret("shop", name, big);
    await assert.rejects(client.point("shop", "live", [{ revision: 1 }]), {
      code: "bad-request",
      message: /revision 1 of shop cannot become live: env, secrets and functions together take 150\d+ bytes/,
    });
    await client.removeSecret("shop", "C");
    await client.point("shop", "live", [{ revision: 1 }]);
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
      logs.append({ at, app: served.id("shop"), function: name, level: LogLevel.Warn, text: `at ${at}` });
    assert.deepEqual(texts(await client.logs({ app: "shop" })), ["at 1", "at 2", "at 3"]);
    assert.deepEqual(texts(await client.logs({ app: "shop", function: "a", tail: 1 })), ["at 3"]);
    assert.deepEqual(texts(await client.logs({ app: "shop", since: 2 })), ["at 2", "at 3"]);
    assert.deepEqual((await client.logs({ app: "shop", tail: 1 }))[0], { at: 3, app: "shop", function: "a", level: "warn", text: "at 3" });
  });

  test("follow gives the tail, then new lines, and stops when the caller does", async () => {
    await deploy("one");
    logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Info, text: "old" });
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { text } of client.followLogs({ app: "shop" }, controller.signal)) {
      seen.push(text);
      if (seen.length === 3) controller.abort();
      else logs.append({ at: 2, app: served.id("shop"), level: LogLevel.Info, text: `new ${seen.length}` });
    }
    assert.deepEqual(seen, ["old", "new 1", "new 2"]);
    await served.released;
  });
});

describe("the platform", () => {
  test("the host's figures and the machines are those of the rooms", async () => {
    assert.deepEqual(await client.host(), hostInfo);
    assert.deepEqual(await client.machines(), [machine]);
  });

  test("health needs no token", async () => {
    await createClient({ url: served.server.url, token: "none" }).health();
  });
});

async function deploy(code: string) {
  const { changed: _, before: __, canary: ___, ...revision } = await client.deploy(manifest(), [bundle("main", "cjs", code)]);
  return revision;
}

function plain(bundles: Bundle[]) {
  return bundles.map(({ function: name, format, code }) => [name, format, Buffer.from(code).toString()]);
}

function texts(lines: LogLine[]): string[] {
  return lines.map(({ text }) => text);
}
