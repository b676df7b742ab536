/** Calls while deploys, canaries, weights, promotions and rollbacks move them from revision to revision. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import type { Bundle } from "../src/store/catalog/catalog.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { mayfly, serve } from "./command.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";
import { callOnceRaw, callRaw } from "./raw-callers.ts";

const CONNECTIONS = 24;
const CALLS = 100_000;
/** Each part of the file has an app of its own, because the numbers of an app's revisions go on after its removal. */
let APP = "traffic";
let PATH = "/traffic/version";

function useApp(name: string): void {
  APP = name;
  PATH = `/${name}/version`;
}

const scope = createScope();
let platform: Platform;
let client: Client;

before(async () => {
  platform = await startPlatform(scope, { driver: "process", domain: "fn.example" });
  ({ client } = platform);
});
after(() => scope.close());

let bundled: ReturnType<typeof bundleApp> | undefined;

/** Deploys an upload whose code and configuration have this version. Returns the number of its revision. */
async function deployVersion(to: Client, version: string, query: Parameters<Client["deploy"]>[2] = {}, more: Record<string, string> = {}) {
  const { manifest, bundles } = await (bundled ??= bundleApp(join(projectDir, "test/apps/traffic")));
  const versioned = bundles.map(({ function: name, format, code }) => ({
    function: name,
    format,
    code: withVersion(code as Bundle["code"], version),
  }));
  return to.deploy({ ...manifest, name: APP, env: { VERSION: version, ...more } }, versioned, query);
}

function withVersion(code: Bundle["code"], version: string): Buffer {
  const text = Buffer.from(code).toString();
  assert.ok(text.includes('"version 0"'));
  return Buffer.from(text.replaceAll('"version 0"', `"version ${version}"`));
}

async function version(): Promise<string> {
  const response = await platform.call(PATH);
  return response.status === 200 ? (await response.text()).split(" ")[0]! : `${response.status} ${await response.text()}`;
}

/** Runs a command against the platform. */
async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await mayfly([...args, "--api", platform.running.apiUrl], {
    env: { MAYFLY_TOKEN: platform.running.token },
  });
  assert.equal(code, 0, stderr);
  return stdout;
}

const seed = seedOf();

test(`of ${CALLS} calls none is lost, and none mixes versions, while they are moved from revision to revision (seed ${seed})`, async (context) => {
  const random = new Random(seed);
  const counts = new Map<string, number>();
  let begun = 0;
  const over = new AbortController();
  for (const first of ["1", "2"]) await deployVersion(client, first);
  const started = performance.now();
  const callers = Array.from({ length: CONNECTIONS }, () =>
    callRaw(
      platform.running.gatewayUrl,
      () => (begun++ < CALLS ? PATH : undefined),
      ({ status, body }) => counts.set(`${status} ${body}`, (counts.get(`${status} ${body}`) ?? 0) + 1),
    ),
  );
  const moves = { deploys: 0, canaries: 0, weights: 0, rollbacks: 0, promotes: 0 };
  let slowestRollback = 0;
  const mover = async () => {
    for (let next = 3; !over.signal.aborted; await sleep(random.between(150, 500))) {
      const numbers = (await client.app(APP)).revisions.map(({ number }) => number);
      switch (random.below(5)) {
        case 0:
          await deployVersion(client, `${next++}`);
          moves.deploys++;
          break;
        case 1:
          await deployVersion(client, `${next++}`, { canary: random.pick([1, 10, 50]) });
          moves.canaries++;
          break;
        case 2: {
          const [one, two] = [random.pick(numbers), random.pick(numbers)];
          const targets = one === two ? [{ revision: one }] : [one, two].map((revision) => ({ revision, weight: random.between(0.01, 1) }));
          await client.point(APP, "live", targets);
          moves.weights++;
          break;
        }
        case 3: {
          const before = performance.now();
          const moved = await client.rollback(APP).catch(() => undefined);
          if (moved === undefined) break;
          // Whoever calls after a rollback gets the revision that it went to.
          const { revision } = moved.targets[0]!;
          const env = (await client.app(APP)).live!;
          assert.equal(env.id, revision);
          assert.equal(await version(), env.manifest.env["VERSION"]);
          slowestRollback = Math.max(slowestRollback, performance.now() - before);
          moves.rollbacks++;
          break;
        }
        default:
          await client.promote(APP, random.pick(numbers));
          moves.promotes++;
      }
    }
  };
  const moving = mover();
  await Promise.all(callers).finally(() => over.abort());
  await moving;
  const replies = [...counts].map(([reply, calls]) => ({ reply, calls }));
  const seconds = (performance.now() - started) / 1_000;
  const all = replies.reduce((sum, { calls }) => sum + calls, 0);
  context.diagnostic(
    `${all} calls in ${seconds.toFixed(1)} s, by ${replies.length} versions; ${JSON.stringify(moves)}; the slowest rollback took ${slowestRollback.toFixed(0)} ms, its first call included`,
  );
  const wrong = replies.filter(({ reply }) => {
    const [status, code, atFirst, atLast] = reply.split(" ");
    return status !== "200" || code !== atFirst || code !== atLast;
  });
  assert.deepEqual(wrong, []);
  assert.equal(all, CALLS);
  assert.ok(replies.length >= 3 && moves.rollbacks > 0, "calls were moved");
});

describe("canaries", () => {
  before(async () => {
    useApp("canaries");
    await deployVersion(client, "1");
  });

  /** Calls until what the API shows of the newest revision's canary satisfies `holds`. */
  const callUntil = async (holds: (state: string) => boolean) => {
    let state = "";
    await eventually(
      "the canary",
      async () => {
        await Promise.all(Array.from({ length: 20 }, () => platform.call(PATH).then((response) => response.arrayBuffer())));
        return (state = (await client.app(APP)).revisions[0]?.canary?.state ?? "");
      },
      holds,
    );
    return state;
  };

  test("one that fails is rolled back by itself, and versions, the log and --json have the reason", async () => {
    const deployed = await deployVersion(client, "2", { canary: 50 }, { FAILS: "yes" });
    assert.deepEqual([deployed.canary?.share, deployed.canary?.old, deployed.canary?.state], [0.5, 1, "running"]);
    assert.equal(await callUntil((state) => state !== "running"), "rolled-back");
    assert.equal(await version(), "1");
    await platform.logged(APP, /^The canary of revision 2 is rolled back: all calls go to revision 1 again\. \d+ of its \d+ calls failed/);
    assert.match(await command("versions", APP), /^ +2 .* rolled back: \d+ of its \d+ calls failed/m);
    const { revisions } = JSON.parse(await command("versions", APP, "--json")) as Awaited<ReturnType<Client["app"]>>;
    assert.equal(revisions[0]?.canary?.reason?.kind, "errors");
  });

  test("one that does well is promoted by itself, and a rollback goes back to the revision before", async () => {
    await deployVersion(client, "3", { canary: 50, forMs: 1_000, minCalls: 50 });
    assert.equal(await callUntil((state) => state !== "running"), "promoted");
    assert.equal(await version(), "3");
    await platform.logged(APP, /^The canary of revision 3 is promoted/);
    assert.equal(await command("rollback", APP), "All calls of canaries go to revision 1; before, they went to 3.\n");
    assert.equal(await version(), "1");
    assert.equal(await command("promote", APP, "3"), "All calls of canaries go to revision 3; before, they went to 1.\n");
    assert.equal(await version(), "3");
  });

  test("the command deploys one, and refuses options that would do nothing", async () => {
    const folder = "test/apps/traffic";
    useApp("traffic");
    await deployVersion(client, "one more");
    const json = JSON.parse(await command("deploy", folder, "--canary", "10", "--for", "1h", "--max-errors", "+2%", "--json")) as {
      canary: { share: number; maxErrors: string; startedAt: number; until: number };
    };
    const { share, maxErrors, startedAt, until } = json.canary;
    assert.deepEqual([share, maxErrors, until - startedAt], [0.1, "+2%", 3_600_000]);
    assert.match(await command("versions", APP), /10 % .* running: \d+s of 1h0m, 0 calls of at least 100, 0 failed/);
    const { code, stderr } = await mayfly(["deploy", folder, "--for", "1h"]);
    assert.equal(code, 2);
    assert.match(stderr, /--for is an option of a canary/);
  });
});

describe("aliases and previews", () => {
  before(async () => {
    useApp("previews");
    for (const each of ["1", "2"]) await deployVersion(client, each);
    await deployVersion(client, "3", { alias: "next" });
  });

  const versionAt = async (path: string, host?: string) => {
    const { status, body } = await callOnceRaw(platform.running.gatewayUrl, path, host === undefined ? {} : { host });
    return status === 200 ? body.split(" ")[0] : status;
  };

  test("each kept revision and each alias has a URL, by path and by host, and its machines start on demand", async () => {
    assert.equal(await version(), "2");
    const { revisions } = await client.app(APP);
    assert.deepEqual(
      revisions.map(({ number }) => number),
      [3, 2, 1],
    );
    const oldest = revisions.at(-1)!;
    for (const label of ["1", oldest.id, oldest.digest, oldest.digest.slice(0, 12)])
      assert.equal(await versionAt(`/previews@${label}/version`), "1", label);
    assert.equal(await versionAt("/previews@next"), "3");
    assert.equal(await versionAt("/", "1--version.previews.fn.example"), "1");
    assert.equal(await versionAt("/", "next--previews.fn.example"), "3");
    assert.equal(await versionAt("/", "live--previews.fn.example"), "2");
    assert.equal(await versionAt("/previews@9/version"), 404);
    assert.equal(await version(), "2");
    const numbers = (await client.machines()).filter(({ app }) => app === APP).map(({ revision }) => revision);
    assert.deepEqual(new Set(numbers), new Set([1, 2, 3]));
  });

  test("an alias that is pointed elsewhere takes its calls along, and one that is removed has no URL", async () => {
    await client.point(APP, "next", [{ revision: 1 }]);
    assert.equal(await versionAt("/previews@next/version"), "1");
    await client.removeAlias(APP, "next");
    assert.equal(await versionAt("/previews@next/version"), 404);
    assert.equal(await versionAt("/previews@3/version"), "3", "its revision is kept");
  });

  test("an app can do without previews", async () => {
    const { manifest, bundles } = await (bundled ??= bundleApp(join(projectDir, "test/apps/traffic")));
    await client.deploy({ ...manifest, name: APP, previews: false }, bundles);
    for (const path of ["/previews@1/version", "/previews@live/version"]) assert.equal(await versionAt(path), 404);
    assert.equal(await versionAt("/", "1--previews.fn.example"), 404);
    assert.equal(await version(), "0");
    await client.rollback(APP);
    assert.equal(await versionAt("/previews@1/version"), "1");
  });

  test("machines that an alias reserves are bound without a call, as far as the app may have them", async () => {
    await client.point(APP, "next", [{ revision: 3 }], { reserved: 2 });
    const numbers = async () =>
      (await client.machines()).filter(({ app, state }) => app === APP && state === "bound").map(({ revision }) => revision);
    await eventually("the reserved machines", numbers, (found) => found.filter((number) => number === 3).length === 2);
    assert.match((await client.explain(APP)).now.join(" "), /2 machines of the revision are reserved by an alias/);
    await assert.rejects(client.point(APP, "next", undefined, { reserved: 21 }), {
      code: "bad-request",
      message: /may have 20 machines at most/,
    });
    assert.equal(
      await command("alias", "set", APP, "next", "--reserved", "1"),
      "The alias next of previews names revision 3; 1 machine is reserved.\n",
    );
    assert.match(await command("alias", "list", APP), /next +revision 3 +1$/m);
  });

  test("a caller stays at its revision by a cookie while weights do not change, and none goes back when a share grows", async () => {
    const where = async (caller: string) =>
      (await callOnceRaw(platform.running.gatewayUrl, PATH, { headers: `cookie: a=b; session=${caller}; c=d\r\n` })).body.split(" ")[0];
    const weights = (one: number, two: number) => [
      { revision: 1, weight: one },
      { revision: 2, weight: two },
    ];
    await client.point(APP, "live", weights(70, 30), { sticky: { by: "cookie", name: "session" } });
    const callers = Array.from({ length: 30 }, (_, number) => `caller-${number}`);
    const first = await Promise.all(callers.map(where));
    assert.deepEqual(new Set(first), new Set(["1", "2"]));
    for (let i = 0; i < 3; i++) assert.deepEqual(await Promise.all(callers.map(where)), first);
    await client.point(APP, "live", weights(40, 60));
    const grown = await Promise.all(callers.map(where));
    assert.deepEqual(
      first.filter((each, at) => each === "2" && grown[at] !== "2"),
      [],
    );
    await client.point(APP, "live", weights(70, 30));
    assert.ok(new Set(await Promise.all(Array.from({ length: 20 }, () => version()))).size === 2, "calls without the cookie are spread");
    assert.match(await command("alias", "set", APP, "live", "--sticky", "off"), /70 %\), revision 2 \(30 %\)\.\n$/);
  });
});

test("after kill -9 another server goes on with a canary", async (context) => {
  const stateDir = temporaryFolder(context);
  const clientOf = (url: string) => createClient({ url, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  useApp("traffic");
  const first = await serve(context, stateDir, ["--driver", "process"]);
  await deployVersion(clientOf(first.apiUrl), "1");
  await deployVersion(clientOf(first.apiUrl), "2", { canary: 50, forMs: 1_000, minCalls: 30 });
  const call = async (url: string, times: number) => {
    for (let i = 0; i < times; i++) await (await fetch(url + PATH)).arrayBuffer();
  };
  const canaryAt = async (url: string) => (await clientOf(url).app(APP)).revisions[0]!.canary!;
  await call(first.gatewayUrl, 40);
  await eventually(
    "what was counted",
    () => canaryAt(first.apiUrl),
    ({ calls }) => calls.new.calls === 20,
  );
  await first.end("SIGKILL");
  const second = await serve(context, stateDir, ["--driver", "process"]);
  const found = await canaryAt(second.apiUrl);
  assert.deepEqual([found.state, found.calls.new.calls, found.calls.old.calls], ["running", 20, 20]);
  await call(second.gatewayUrl, 20);
  await eventually(
    "the end of the canary",
    () => canaryAt(second.apiUrl),
    ({ state }) => state === "promoted",
  );
  await call(second.gatewayUrl, 1);
  assert.equal(await second.end("SIGTERM"), 0);
});
