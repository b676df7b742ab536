/** Redis' protocol at a server, by ioredis: its tokens and tenants, machines, TLS, triggers, bills, backups, and kill -9. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Redis, type RedisOptions } from "ioredis";
import { createClient } from "../src/doors/admin/client.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { freePort } from "../src/base/testing/listening.ts";
import { until } from "../src/base/clock/until.ts";
import { certificate } from "../src/doors/http/test-certificate.ts";
import { rawClient, request } from "../src/doors/redis/testing/redis-world.ts";
import { createScope, deploy, type Platform, type Scope, startPlatform, temporaryFolder } from "./platform.ts";
import { mayfly, serve } from "./command.ts";

const cleanly = { maxRetriesPerRequest: 0, retryStrategy: () => null };

function connect(scope: Scope, port: number, username: string, password: string, more: { tls?: RedisOptions["tls"] } = {}): Redis {
  const redis = new Redis({ port, username, password, ...cleanly, ...more });
  // Requests are refused with it.
  redis.on("error", () => undefined);
  afterwards(scope, () => redis.disconnect());
  return redis;
}

describe("Redis' protocol", () => {
  const scope = createScope();
  let platform: Platform;
  let port: number;
  let own: Redis;
  before(async () => {
    port = await freePort();
    platform = await startPlatform(scope, { driver: "process", kv: { redis: { listen: `127.0.0.1:${port}`, machines: true } } });
    await deploy(platform.client, "test/apps/redis");
    own = connect(scope, port, "shop.main", platform.running.token);
  });
  after(() => scope.close());

  test("reaches the stores of functions: from outside, from machines, and as env.KV", async () => {
    const answer = await platform.call("/shop/inside", { method: "POST", body: "hello" });
    assert.deepEqual(await answer.json(), ["hello", "yes", ["a", "b"]]);
    assert.deepEqual([await own.get("by-kv"), await own.lrange("list", 0, -1)], ["hello", ["a", "b"]]);
    assert.equal((await platform.client.keyValue("shop", "main", "by-redis")).value, "yes");
    await assert.rejects(platform.client.keyValue("shop", "main", "list"), { code: "kv-wrong-type" });
    assert.deepEqual(
      (await platform.client.keyValues("shop", "main", {})).keys.map(({ key }) => key),
      ["by-kv", "by-redis", "list"],
    );
  });

  test("starts functions of triggers on changes, lists included", async () => {
    await own.rpush("in/list", "x");
    await own.hset("in/hash", "a", "1");
    await until(async () => (await own.exists("seen/in/list", "seen/in/hash")) === 2, { what: "what the trigger tells of", ms: 60_000 });
    assert.deepEqual(await own.mget("seen/in/list", "seen/in/hash"), ["put", "put"]);
  });

  test("tells the bill what was read and written", async () => {
    await own.mget("a", "b");
    await until(async () => {
      const { bill } = await platform.client.appBill("shop");
      const quantityOf = (what: string) => bill.lines.find((line) => line.what === what)!.quantity;
      return quantityOf("reads") > 3 && quantityOf("writes") > 3;
    });
  });

  test("is for principals of the app's tenant alone, whatever they try", async () => {
    await platform.client.createTenant("rival");
    const rivals = createClient({ url: platform.running.apiUrl, token: platform.running.token, tenant: "rival" });
    const { token } = await rivals.createToken({ principal: "eve", role: "tenant-admin" });
    await deploy(createClient({ url: platform.running.apiUrl, token }), "test/apps/redis");
    await own.set("secret", "ours");
    const eve = connect(scope, port, "shop.main", token);
    assert.deepEqual([await eve.get("secret"), await eve.keys("*"), await eve.dbsize()], [null, [], 0]);
    await eve.set("secret", "theirs");
    await eve.flushall();
    assert.equal(await own.get("secret"), "ours");
    const raw = await rawClient(port);
    for (const name of ["main/shop.main", "../main/shop.main", "shop.main/..", "app_1.main", "main.shop"]) {
      const answer = await raw.ask(request("AUTH", name, token));
      assert.match(answer, /^-ERR/, name);
    }
    assert.match(await raw.ask(request("GET", "secret")), /^-NOAUTH/);
    raw.socket.destroy();
    const { token: readers } = await platform.client.createToken({ principal: "looks", role: "reader" });
    const reader = connect(scope, port, "shop.main", readers);
    assert.equal(await reader.get("secret"), "ours");
    await assert.rejects(reader.del("secret"), /NOPERM/);
    await assert.rejects(reader.multi().set("secret", "x").exec(), /EXECABORT|NOPERM/);
  });

  test("one tenant that takes all it can leaves the others served", async () => {
    const { token } = await createClient({ url: platform.running.apiUrl, token: platform.running.token, tenant: "rival" }).createToken({
      principal: "greedy",
      role: "deployer",
    });
    const greedy = await Promise.all(Array.from({ length: 60 }, () => rawClient(port)));
    afterwards(scope, () => greedy.forEach(({ socket }) => socket.destroy()));
    await Promise.all(greedy.map((client) => client.ask(request("AUTH", "shop.main", token))));
    // Each of them begins a value of the largest size, and never ends it, or asks for much and takes nothing.
    for (const [at, { socket }] of greedy.entries()) {
      if (at % 2 === 0) socket.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$26214400\r\n${"x".repeat(8_000_000)}`);
      else socket.pause().write(request("SET", "big", "x".repeat(100_000)) + request("GET", "big").repeat(5_000));
    }
    for (let round = 0; round < 50; round++) assert.equal(await own.set(`still-${round}`, "x"), "OK");
    const large = Buffer.alloc(20_000_000, "y");
    assert.equal(await own.set("large", large), "OK");
    assert.equal((await own.getBuffer("large"))!.length, large.length);
    await until(() => greedy.some(({ isClosed }) => isClosed), { what: "that who takes too much is sent away", ms: 60_000 });
  });

  test("what was written is in a backup, and goes with its app", async () => {
    const folder = join(temporaryFolder(scope), "backup");
    await own.hset("kept", "field", "value");
    const made = await mayfly(["backup", "create", folder, "--state", platform.stateDir]);
    assert.equal(made.code, 0, made.stderr);
    const restored = join(temporaryFolder(scope), "state");
    const back = await mayfly(["backup", "restore", folder, "--state", restored]);
    assert.equal(back.code, 0, back.stderr);
    const other = await freePort();
    const again = await startPlatform(scope, { driver: "process", stateDir: restored, kv: { redis: { listen: `127.0.0.1:${other}` } } });
    const redis = connect(scope, other, "shop.main", again.running.token);
    assert.deepEqual(await redis.hgetall("kept"), { field: "value" });
    await again.client.removeApp("shop");
    await assert.rejects(redis.get("kept"), /there is no app/);
  });

  test("is spoken over TLS where the server has a certificate", async () => {
    const folder = temporaryFolder(scope);
    writeFileSync(join(folder, "cert.pem"), certificate.cert);
    writeFileSync(join(folder, "key.pem"), certificate.key, { mode: 0o600 });
    const [secure, tls] = [await freePort(), { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") }];
    const { running } = await startPlatform(scope, { driver: "process", tls, kv: { redis: { listen: `127.0.0.1:${secure}` } } });
    const redis = connect(scope, secure, "default", running.token, { tls: { ca: certificate.cert, servername: "localhost" } });
    assert.equal(await redis.ping(), "PONG");
    await assert.rejects(redis.get("a"), /no store was named/);
  });
});

/** Each takes another start of a server. */
const KILLS = 2;

async function startAgain(scope: Scope, stateDir: string) {
  const port = await freePort();
  const config = join(temporaryFolder(scope), "config.json");
  writeFileSync(config, JSON.stringify({ kv: { redis: { listen: `127.0.0.1:${port}` } } }));
  const server = await serve(scope, stateDir, ["--driver", "process", "--config", config]);
  const token = readFileSync(join(stateDir, "api-token"), "utf8").trim();
  return { port, server, token, client: createClient({ url: server.apiUrl, token }) };
}

test("kill -9 under load loses no write that was acknowledged", async (context) => {
  const stateDir = temporaryFolder(context);
  const counts = new Map<string, number>();
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const { port, server, token, client } = await startAgain(context, stateDir);
    if (kill === 0) await deploy(client, "test/apps/redis");
    const redis = connect(context, port, "shop.main", token);
    for (const [list, count] of counts) assert.ok((await redis.llen(list)) >= count, `${list} has ${await redis.llen(list)} of ${count}`);
    const writers = Array.from({ length: 8 }, async (_, at) => {
      const [list, mine] = [`l${kill}-${at}`, connect(context, port, "shop.main", token)];
      for (let item = 1; ; item++) {
        await mine.multi().rpush(list, String(item)).hset(`h${kill}-${at}`, `f${item}`, "x").exec();
        counts.set(list, item);
        acknowledged++;
      }
    });
    const from = acknowledged;
    await until(() => acknowledged >= from + 300, { what: "some writes", ms: 60_000 });
    process.kill(server.worker, "SIGKILL");
    server.child.kill("SIGKILL");
    assert.ok((await Promise.allSettled(writers)).every(({ status }) => status === "rejected"));
  }
  const { port, token } = await startAgain(context, stateDir);
  const redis = connect(context, port, "shop.main", token);
  for (const [list, count] of counts) {
    const items = await redis.lrange(list, 0, -1);
    assert.ok(items.length >= count, `${list} has ${items.length} of ${count}`);
    assert.deepEqual(
      items,
      items.map((_item, at) => String(at + 1)),
    );
    assert.equal(await redis.hlen(list.replace("l", "h")), items.length, "a transaction is whole");
  }
  console.log(`${acknowledged} acknowledged transactions over ${KILLS} kills, none lost`);
});
