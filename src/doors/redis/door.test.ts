/** Redis' door, by ioredis and by bytes as they are on the wire. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { until } from "../../base/clock/until.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import { APP, openRedisWorld, rawClient, request } from "./testing/redis-world.ts";

let world: Awaited<ReturnType<typeof openRedisWorld>>;
let redis: Redis;
before(async () => {
  world = await openRedisWorld();
  redis = new Redis({ port: world.port, username: "shop.main", password: "ada", lazyConnect: true });
  await redis.connect();
});
after(async () => {
  redis.disconnect();
  await world.close();
  assert.deepEqual(world.errors, []);
});

const store = { tenant: mainTenant, app: APP, name: "main" };
const wrongType = /WRONGTYPE Operation against a key holding the wrong kind of value/;
async function hi(user = "shop.main", token = "ada") {
  const client = await rawClient(world.port);
  assert.equal(await client.ask(request("AUTH", user, token)), "+OK\r\n");
  return client;
}

describe("commands by ioredis", () => {
  test("on texts, with expiry and conditions", async () => {
    assert.equal(await redis.set("a", "1"), "OK");
    assert.equal(await redis.get("a"), "1");
    assert.equal(await redis.set("a", "2", "NX"), null);
    assert.equal(await redis.set("b", "2", "XX"), null);
    assert.equal(await redis.set("a", "3", "EX", 100, "GET"), "1");
    const left = await redis.ttl("a");
    assert.ok(left > 90 && left <= 100);
    assert.equal(await redis.set("a", "4", "KEEPTTL"), "OK");
    assert.ok((await redis.pttl("a")) > 90_000);
    assert.equal(await redis.persist("a"), 1);
    assert.deepEqual([await redis.ttl("a"), await redis.ttl("none")], [-1, -2]);
    assert.equal(await redis.getset("a", "5"), "4");
    assert.deepEqual([await redis.incr("a"), await redis.decrby("a", 10), await redis.incrby("n", 3)], [6, -4, 3]);
    assert.equal(await redis.incrbyfloat("f", "0.1"), "0.1");
    assert.equal(await redis.incrbyfloat("f", "0.2"), "0.3");
    await assert.rejects(redis.incrby("a", "9223372036854775807x"), /not an integer or out of range/);
    await redis.set("big", "9223372036854775807");
    await assert.rejects(redis.incr("big"), /would overflow/);
    assert.deepEqual([await redis.append("t", "Hello "), await redis.append("t", "World"), await redis.strlen("t")], [6, 11, 11]);
    assert.deepEqual(
      [await redis.getrange("t", -5, -1), await redis.getrange("t", 0, 4), await redis.getrange("t", 9, 2)],
      ["World", "Hello", ""],
    );
    assert.equal(await redis.setrange("t", 6, "Redis"), 11);
    assert.equal(await redis.get("t"), "Hello Redis");
    assert.equal(await redis.setrange("z", 2, "x"), 3);
    assert.deepEqual(await redis.getBuffer("z"), Buffer.from("\0\0x"));
    assert.equal(await redis.mset("m1", "1", "m2", "2"), "OK");
    assert.deepEqual(await redis.mget("m1", "none", "m2"), ["1", null, "2"]);
    assert.deepEqual([await redis.msetnx("m3", "3", "m1", "x"), await redis.exists("m3")], [0, 0]);
    assert.equal(await redis.getdel("m1"), "1");
    assert.equal(await redis.getex("m2", "PX", 50_000), "2");
    assert.ok((await redis.pttl("m2")) > 40_000);
    await assert.rejects(redis.call("set", "a", "1", "EX", "0"), /invalid expire time in 'set' command/);
    await assert.rejects(redis.call("set", "a", "1", "NX", "XX"), /syntax error/);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    await redis.set("bytes", bytes);
    assert.deepEqual(await redis.getBuffer("bytes"), bytes);
  });

  test("on keys", async () => {
    await redis.flushdb();
    assert.equal(await redis.dbsize(), 0);
    await redis.mset("user:1", "a", "user:2", "b", "other", "c");
    await redis.sadd("set", "x");
    assert.equal(await redis.dbsize(), 4);
    assert.deepEqual((await redis.keys("user:*")).toSorted(), ["user:1", "user:2"]);
    assert.deepEqual((await redis.keys("user:[^1]")).toSorted(), ["user:2"]);
    assert.deepEqual([await redis.type("set"), await redis.type("other"), await redis.type("none")], ["set", "string", "none"]);
    const seen: string[] = [];
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "COUNT", 1);
      seen.push(...keys);
      cursor = next;
    } while (cursor !== "0");
    assert.deepEqual(seen.toSorted(), ["other", "set", "user:1", "user:2"]);
    assert.deepEqual((await redis.scan(0, "MATCH", "user:*", "COUNT", 100))[1].toSorted(), ["user:1", "user:2"]);
    assert.deepEqual((await redis.scan(0, "COUNT", 100, "TYPE", "set"))[1], ["set"]);
    assert.equal(await redis.rename("other", "renamed"), "OK");
    assert.deepEqual([await redis.get("renamed"), await redis.exists("other")], ["c", 0]);
    assert.equal(await redis.renamenx("renamed", "user:1"), 0);
    await redis.rename("renamed", "set");
    assert.equal(await redis.get("set"), "c");
    await assert.rejects(redis.rename("none", "x"), /no such key/);
    assert.ok(["user:1", "user:2", "set"].includes((await redis.randomkey())!));
    assert.deepEqual(
      [await redis.expire("set", 100, "XX"), await redis.expire("set", 100, "NX"), await redis.expire("set", 50, "GT")],
      [0, 1, 0],
    );
    assert.equal(await redis.pexpireat("set", Date.now() - 1), 1);
    assert.equal(await redis.exists("set", "user:1", "user:1"), 2);
    assert.equal(await redis.unlink("user:1", "user:2", "none"), 2);
    assert.equal(await redis.randomkey(), null);
  });

  test("on hashes", async () => {
    assert.equal(await redis.hset("h", { a: "1", b: "2" }), 2);
    assert.equal(await redis.hset("h", "a", "3", "c", "4"), 1);
    assert.deepEqual(await redis.hgetall("h"), { a: "3", b: "2", c: "4" });
    assert.deepEqual(await redis.hmget("h", "a", "none"), ["3", null]);
    assert.deepEqual(
      [await redis.hlen("h"), await redis.hexists("h", "a"), await redis.hstrlen("h", "a"), await redis.hget("h", "x")],
      [3, 1, 1, null],
    );
    assert.deepEqual([await redis.hsetnx("h", "a", "9"), await redis.hsetnx("h", "d", "5")], [0, 1]);
    assert.deepEqual([await redis.hincrby("h", "d", 2), await redis.hincrbyfloat("h", "d", 0.5)], [7, "7.5"]);
    await assert.rejects(redis.hincrby("h", "d", 1), /hash value is not an integer/);
    assert.deepEqual((await redis.hkeys("h")).toSorted(), ["a", "b", "c", "d"]);
    assert.deepEqual((await redis.hvals("h")).toSorted(), ["2", "3", "4", "7.5"]);
    assert.equal((await redis.hrandfield("h", 10))!.length, 4);
    assert.equal(await redis.hdel("h", "a", "b", "none"), 2);
    await assert.rejects(redis.get("h"), wrongType);
    await assert.rejects(redis.lpush("h", "x"), wrongType);
    await redis.hdel("h", "c", "d");
    assert.equal(await redis.exists("h"), 0);
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`f${at}`, String(at)]));
    await redis.hset("many", many);
    const seen = new Map<string, string>();
    let cursor = "0";
    do {
      const [next, pairs] = await redis.hscan("many", cursor, "MATCH", "f1*", "COUNT", 100);
      for (let at = 0; at < pairs.length; at += 2) seen.set(pairs[at]!, pairs[at + 1]!);
      cursor = next;
    } while (cursor !== "0");
    assert.deepEqual(Object.fromEntries(seen), Object.fromEntries(Object.entries(many).filter(([name]) => name.startsWith("f1"))));
  });

  test("on lists", async () => {
    assert.deepEqual([await redis.rpush("l", "b", "c"), await redis.lpush("l", "a", "z")], [2, 4]);
    assert.deepEqual(await redis.lrange("l", 0, -1), ["z", "a", "b", "c"]);
    assert.deepEqual(await redis.lrange("l", -2, 100), ["b", "c"]);
    assert.deepEqual([await redis.llen("l"), await redis.lindex("l", -1), await redis.lindex("l", 4)], [4, "c", null]);
    assert.deepEqual(
      [
        await redis.linsert("l", "BEFORE", "b", "x"),
        await redis.linsert("l", "AFTER", "c", "y"),
        await redis.linsert("l", "AFTER", "?", "y"),
      ],
      [5, 6, -1],
    );
    assert.deepEqual(await redis.lrange("l", 0, -1), ["z", "a", "x", "b", "c", "y"]);
    assert.equal(await redis.lset("l", 1, "A"), "OK");
    await assert.rejects(redis.lset("l", 6, "A"), /index out of range/);
    assert.deepEqual([await redis.lpop("l"), await redis.rpop("l"), await redis.lpop("l", 2)], ["z", "y", ["A", "x"]]);
    await redis.rpush("l", "b", "c", "b");
    assert.deepEqual(await redis.lpos("l", "b", "COUNT", 0), [0, 2, 4]);
    assert.equal(await redis.lrem("l", -2, "b"), 2);
    assert.deepEqual(await redis.lrange("l", 0, -1), ["b", "c", "c"]);
    assert.equal(await redis.ltrim("l", 1, -1), "OK");
    assert.deepEqual(await redis.lrange("l", 0, -1), ["c", "c"]);
    assert.equal(await redis.lmove("l", "to", "LEFT", "RIGHT"), "c");
    await redis.expire("l", 100);
    assert.equal(await redis.rpoplpush("l", "l"), "c");
    assert.ok((await redis.ttl("l")) > 50, "a list that is turned keeps its expiry");
    assert.equal(await redis.ltrim("l", 5, 1), "OK");
    assert.deepEqual(
      [await redis.exists("l"), await redis.lpop("l"), await redis.lpop("l", 1), await redis.lpushx("l", "x")],
      [0, null, null, 0],
    );
  });

  test("on sets", async () => {
    assert.deepEqual([await redis.sadd("s", "a", "b", "c"), await redis.sadd("s", "a", "d")], [3, 1]);
    assert.deepEqual((await redis.smembers("s")).toSorted(), ["a", "b", "c", "d"]);
    assert.deepEqual([await redis.sismember("s", "a"), await redis.sismember("s", "x"), await redis.scard("s")], [1, 0, 4]);
    assert.deepEqual(await redis.smismember("s", "a", "x"), [1, 0]);
    await redis.sadd("s2", "c", "d", "e");
    assert.deepEqual((await redis.sinter("s", "s2")).toSorted(), ["c", "d"]);
    assert.deepEqual((await redis.sunion("s", "s2", "none")).toSorted(), ["a", "b", "c", "d", "e"]);
    assert.deepEqual((await redis.sdiff("s", "s2")).toSorted(), ["a", "b"]);
    assert.deepEqual([await redis.sinterstore("s3", "s", "s2"), await redis.sintercard(2, "s", "s2")], [2, 2]);
    assert.deepEqual((await redis.smembers("s3")).toSorted(), ["c", "d"]);
    assert.deepEqual([await redis.smove("s", "s2", "a"), await redis.smove("s", "s2", "nobody")], [1, 0]);
    assert.equal(await redis.srem("s", "b", "x"), 1);
    assert.ok(["c", "d"].includes((await redis.srandmember("s"))!));
    assert.equal((await redis.srandmember("s", -5)).length, 5);
    assert.deepEqual((await redis.spop("s", 10)).toSorted(), ["c", "d"]);
    assert.equal(await redis.spop("s"), null);
    const names = Array.from({ length: 3_000 }, (_, at) => `m${at}`);
    await redis.sadd("large", names);
    const few = await redis.srandmember("large", 100);
    assert.equal(new Set(few).size, 100);
    const popped = await redis.spop("large", 2_000);
    assert.equal(new Set([...popped, ...(await redis.smembers("large"))]).size, 3_000);
    assert.equal(await redis.scard("large"), 1_000);
  });

  test("in transactions: all at once, and not if a watched key has changed", async () => {
    const results = await redis.multi().set("x", "1").incr("x").lpush("x", "no").get("x").exec();
    assert.deepEqual(
      results!.map(([error, value]) => error?.message ?? value),
      ["OK", 2, "WRONGTYPE Operation against a key holding the wrong kind of value", "2"],
    );
    await redis.watch("x", "none");
    await world.kv.write(store, [{ kind: "put", key: "x", value: Buffer.from("5") }]);
    assert.equal(await redis.multi().set("x", "6").exec(), null);
    assert.equal(await redis.get("x"), "5");
    await redis.watch("x", "none");
    await redis.multi().set("x", "7").exec();
    assert.equal(await redis.get("x"), "7");
    const client = await hi();
    await client.ask(request("MULTI"));
    assert.match(await client.ask(request("NOPE")), /^-ERR unknown command 'NOPE'/);
    assert.equal(await client.ask(request("SET", "q", "1")), "+QUEUED\r\n");
    assert.equal(await client.ask(request("EXEC")), "-EXECABORT Transaction discarded because of previous errors.\r\n");
    assert.equal(
      await client.ask(request("MULTI") + request("PING") + request("SET", "q", "1") + request("EXEC"), "+OK\r\n"),
      "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+PONG\r\n+OK\r\n",
    );
    assert.equal(await client.ask(request("MULTI") + request("DISCARD") + request("EXEC")), "+OK\r\n+OK\r\n-ERR EXEC without MULTI\r\n");
    client.socket.destroy();
  });

  test("a pipeline is answered in its order, whatever is in it", async () => {
    const pipeline = redis.pipeline();
    for (let at = 0; at < 1_000; at++) pipeline.set(`p${at}`, String(at)).get(`p${at}`);
    const results = await pipeline.exec();
    assert.deepEqual(
      results!.map(([, value]) => value),
      Array.from({ length: 2_000 }, (_, at) => (at % 2 === 0 ? "OK" : String((at - 1) / 2))),
    );
  });

  test("what waits for an item gets it, and nothing when its time is over", async () => {
    const [one, two] = [redis.duplicate(), redis.duplicate()];
    for (const client of [one, two]) if (client.status === "wait") await client.connect();
    const first = one.blpop("queue", "queue2", 0);
    await redis.rpush("queue", "a");
    assert.deepEqual(await first, ["queue", "a"]);
    const second = two.brpop("queue", 0);
    await redis.multi().rpush("queue", "b").rpush("queue", "c").exec();
    assert.deepEqual(await second, ["queue", "c"]);
    assert.deepEqual(await redis.lrange("queue", 0, -1), ["b"]);
    const moved = one.blmove("from", "to2", "LEFT", "LEFT", 0);
    await redis.rpush("from", "m");
    assert.equal(await moved, "m");
    assert.equal(await two.blpop("nothing", 0.05), null);
    assert.deepEqual(await two.blpop("queue", 1), ["queue", "b"]);
    one.disconnect();
    two.disconnect();
  });
});

describe("the same values as of env.KV", () => {
  test("texts are read and written by both, and changes are told of", async () => {
    await world.kv.write(store, [{ kind: "put", key: "kv", value: Buffer.from("ä"), metadata: '{"a":1}' }]);
    assert.equal(await redis.get("kv"), "ä");
    await redis.append("kv", "!");
    const entry = await world.kv.get(store, "kv");
    assert.deepEqual([Buffer.from(entry!.value!).toString(), entry!.metadata], ["ä!", '{"a":1}']);
    await redis.set("n", "41");
    assert.equal((await world.kv.write(store, [{ kind: "add", key: "n", by: 1 }]))[0]!.sum, 42);
    assert.equal(await redis.get("n"), "42");
    const ended = new AbortController();
    const changes = world.kv.watch(store, { since: "now", prefix: "seen/", signal: ended.signal })[Symbol.asyncIterator]();
    const next = changes.next();
    await redis.rpush("seen/list", "a");
    const { value } = (await next) as { value: { key: string; entry: object | null } };
    assert.deepEqual([value.key, value.entry === null], ["seen/list", false]);
    ended.abort();
    await changes.return?.();
  });

  test("a hash is no single value; it is listed, replaced and removed like any entry", async () => {
    await redis.hset("hash", "a", "1");
    await assert.rejects(world.kv.get(store, "hash"), { code: "kv-wrong-type" });
    await assert.rejects(world.kv.write(store, [{ kind: "add", key: "hash", by: 1 }]), { code: "kv-no-number" });
    assert.deepEqual(
      (await world.kv.list(store, { prefix: "hash", most: 10 })).keys.map(({ key, bytes }) => [key, bytes]),
      [["hash", 2]],
    );
    await world.kv.write(store, [{ kind: "put", key: "hash", value: Buffer.from("text") }]);
    assert.equal(await redis.get("hash"), "text");
    await redis.sadd("hash2", "a");
    await world.kv.write(store, [{ kind: "remove", key: "hash2" }]);
    assert.equal(await redis.exists("hash2"), 0);
    await redis.set("empty", "");
    assert.equal((await world.kv.get(store, "empty"))!.bytes, 0);
  });
});

describe("who may", () => {
  test("nothing is answered to strangers but that they are", async () => {
    const client = await rawClient(world.port);
    assert.equal(await client.ask(request("GET", "a")), "-NOAUTH Authentication required.\r\n");
    assert.equal(
      await client.ask(request("AUTH", "shop.main", "wrong")),
      "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
    );
    assert.equal(await client.ask(request("PING")), "-NOAUTH Authentication required.\r\n");
    assert.match(await client.ask(request("HELLO", "3")), /^-NOAUTH HELLO must be called/);
    assert.match(await client.ask("*11\r\n"), /^-ERR Protocol error: a request may have at most 10/);
    await until(() => client.isClosed);
  });

  test("a key pair is as good as a token, and a store may be chosen later", async () => {
    const client = await hi("shop.main", "MFKEY:s:ecret");
    assert.equal(await client.ask(request("SET", "by-key", "1")), "+OK\r\n");
    const other = await rawClient(world.port);
    assert.equal(await other.ask(request("AUTH", "ada")), "+OK\r\n");
    assert.match(await other.ask(request("GET", "by-key")), /^-ERR no store was named/);
    assert.equal(await other.ask(request("SELECT", "shop.main")), "+OK\r\n");
    assert.equal(await other.ask(request("SELECT", "0")), "+OK\r\n");
    assert.equal(await other.ask(request("SELECT", "1")), "-ERR DB index is out of range\r\n");
    assert.equal(await other.ask(request("GET", "by-key")), "$1\r\n1\r\n");
    for (const each of [client, other]) each.socket.destroy();
  });

  test("roles and tenants count as everywhere, from one command to the next", async () => {
    const reader = await hi("shop.main", "reader");
    assert.equal(await reader.ask(request("GET", "by-key")), "$1\r\n1\r\n");
    assert.match(
      await reader.ask(request("GET", "by-key") + request("SET", "by-key", "2"), "keeps\r\n"),
      /^\$1\r\n1\r\n-NOPERM the principal reader may not change/,
    );
    const caller = await hi("shop.main", "caller");
    assert.match(await caller.ask(request("GET", "by-key")), /^-NOPERM/);
    const eve = await rawClient(world.port);
    for (const name of ["shop.main", "main/shop.main", "nobody/shop.main"])
      assert.match(await eve.ask(request("AUTH", name, "eve")), /^-ERR there is no (app|tenant)/);
    const op = await hi("other/theirs.main", "op");
    await op.ask(request("SET", "a", "of theirs"));
    const theirs = await hi("theirs.main", "eve");
    assert.equal(await theirs.ask(request("GET", "a")), "$9\r\nof theirs\r\n");
    world.known.delete("eve");
    assert.match(await theirs.ask(request("GET", "a")), /^-NOAUTH/);
    await until(() => theirs.isClosed);
    for (const each of [reader, caller, eve, op]) each.socket.destroy();
  });
});

describe("the protocol", () => {
  test("in its third version has maps, sets and nulls of their own", async () => {
    const client = await rawClient(world.port);
    const hello = await client.ask(request("HELLO", "3", "AUTH", "shop.three", "ada", "SETNAME", "me"), "*0\r\n");
    assert.match(hello, /^%7\r\n\$6\r\nserver\r\n\$5\r\nredis\r\n/);
    await client.ask(request("HSET", "h", "a", "1") + request("SADD", "s", "x"), ":1\r\n:1\r\n");
    assert.equal(await client.ask(request("HGETALL", "h")), "%1\r\n$1\r\na\r\n$1\r\n1\r\n");
    assert.equal(await client.ask(request("SMEMBERS", "s")), "~1\r\n$1\r\nx\r\n");
    assert.equal(await client.ask(request("GET", "none")), "_\r\n");
    assert.equal(await client.ask(request("HRANDFIELD", "h", "1", "WITHVALUES")), "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
    assert.equal(await client.ask(request("CLIENT", "GETNAME")), "$2\r\nme\r\n");
    client.socket.destroy();
  });

  test("words in a line are commands, and unknown ones are answered as Redis does", async () => {
    const client = await hi();
    assert.equal(await client.ask("  ping\r\n"), "+PONG\r\n");
    assert.equal(await client.ask("ECHO hello\n"), "$5\r\nhello\r\n");
    assert.equal(
      await client.ask(request("Eval", "return 1", "0")),
      "-ERR unknown command 'EVAL', with args beginning with: 'return 1' '0' \r\n",
    );
    assert.equal(await client.ask(request("GET")), "-ERR wrong number of arguments for 'get' command\r\n");
    assert.match(await client.ask(request("SUBSCRIBE", "x")), /^-ERR publishing and subscribing is not offered/);
    assert.equal(await client.ask(request("QUIT")), "+OK\r\n");
    await until(() => client.isClosed);
  });

  test("a request may come byte by byte, and one that does not speak it is told so and sent away", async () => {
    const client = await hi();
    for (const byte of request("SET", "slow", "bytes")) client.socket.write(byte);
    assert.equal(await client.ask(request("GET", "slow"), "bytes\r\n"), "+OK\r\n$5\r\nbytes\r\n");
    for (const [bytes, told] of [
      ["*1\r\n:1\r\n", "Protocol error: expected '\\$', got ':'"],
      ["*x\r\n", "Protocol error: invalid multibulk length"],
      ["*1\r\n$-1\r\n", "Protocol error: invalid bulk length"],
      ["*1\r\n$26214401\r\n", "at most 26214400 bytes"],
      ["*20002\r\n", "at most 20001 arguments"],
      ["x".repeat(70_000), "too big inline request"],
    ] as const) {
      const wrong = await hi();
      assert.match(await wrong.ask(bytes), new RegExp(`^-ERR .*${told}`));
      await until(() => wrong.isClosed);
    }
    client.socket.destroy();
  });

  test("a request of HTTP is no list of commands, whatever its body has", async () => {
    for (const head of ["POST /a HTTP/1.1\r\n", "PUT /a HTTP/1.1\r\nHost: kv.services.mayfly.internal:6379\r\n"]) {
      const client = await hi();
      client.socket.write(`${head}content-length: 100\r\n\r\nSET smuggled yes\r\n`);
      await until(() => client.isClosed);
      assert.match(client.text, /-ERR Protocol error: this is a request of HTTP/);
      assert.equal(await redis.get("smuggled"), null);
    }
  });

  test("who sends and then closes its half gets all answers", async () => {
    const client = await hi();
    client.socket.end(request("SET", "half", "1") + request("GET", "half"));
    await until(() => client.isClosed);
    assert.ok(client.text.endsWith("+OK\r\n$1\r\n1\r\n"));
  });

  test("values of the largest size go in and come out; more is refused, and a reply is bounded", async () => {
    const large = Buffer.alloc(25 * 2 ** 20, "x");
    await redis.set("large", large);
    assert.equal(Buffer.compare((await redis.getBuffer("large"))!, large), 0);
    await assert.rejects(redis.append("large", "y"), /exceeds maximum allowed size/);
    await redis.set("large2", large);
    await assert.rejects(redis.mget("large", "large2"), /would have more than 33554432 bytes/);
    assert.equal(await redis.getdel("large2").then((text) => text!.length), large.length);
    assert.equal(await redis.exists("large2"), 0);
    await redis.del("large");
  });
});

test("who does not take its replies is served no faster than it takes them, and keeps nobody else waiting", async (t) => {
  await redis.set("reply", "x".repeat(60_000));
  const client = await hi();
  afterwards(t, () => void client.socket.destroy());
  client.socket.pause();
  const asked = request("GET", "reply").repeat(2_000);
  client.socket.write(asked);
  const reads = () => world.used.filter(([, use]) => "reads" in use).length;
  await until(async () => {
    const before = reads();
    await redis.get("n");
    await new Promise((resolve) => setTimeout(resolve, 50));
    return reads() === before + 1;
  });
  assert.ok(reads() < 1_900, "not all of it was read");
  client.socket.resume();
  await until(() => client.text.length >= 2_000 * 60_000);
});

test("a tenant's quota counts members, and what is over it is refused as out of memory", async () => {
  world.known.set("eve", { id: "prin_4", name: "eve", role: "deployer", tenant: "ten_other", apps: null });
  const eve = new Redis({ port: world.port, username: "theirs.main", password: "eve" });
  await eve.rpush("l", Buffer.alloc(600_000));
  await assert.rejects(eve.rpush("l", Buffer.alloc(600_000)), /^ReplyError: OOM .*The tenant would have more/);
  assert.equal(await eve.llen("l"), 1);
  await eve.flushall();
  assert.equal(await eve.rpush("l", Buffer.alloc(1_000_000)), 1);
  eve.disconnect();
});

test("what a transaction and watched keys hold of memory is bounded for all connections together, and given back", async (t) => {
  const small = await openRedisWorld({ mostBytes: 4 * 2 ** 20 });
  afterwards(t, () => small.close());
  const open = async () => {
    const client = await rawClient(small.port);
    afterwards(t, () => void client.socket.destroy());
    assert.equal(await client.ask(request("AUTH", "shop.main", "ada")), "+OK\r\n");
    return client;
  };
  const large = "x".repeat(500_000);
  const queued = async ([first, ...more]: string[]) => {
    const client = await open();
    await client.ask(request(first!, ...more));
    let answers = 0;
    while (
      answers < 30 &&
      /^\+(QUEUED|OK)/.test(await client.ask(first === "MULTI" ? request("SET", "a", large) : request("WATCH", large)))
    )
      answers++;
    return { client, answers };
  };
  for (const first of [["MULTI"], ["PING"]]) {
    const { client, answers } = await queued(first);
    assert.ok(answers > 1 && answers < 10, `${first.join()}: ${answers} of 500,000 bytes`);
    assert.match(client.text, /-BUSY /);
    await until(() => client.isClosed);
  }
  const other = await open();
  assert.equal(await other.ask(request("MULTI")), "+OK\r\n");
  for (let n = 0; n < 4; n++) assert.equal(await other.ask(request("SET", `a${n}`, large)), "+QUEUED\r\n");
  assert.match(await other.ask(request("EXEC"), "+OK\r\n"), /^\*4\r\n/);
  for (let n = 0; n < 12; n++) {
    assert.equal(await other.ask(request("MULTI")), "+OK\r\n");
    assert.equal(await other.ask(request("SET", "a", large)), "+QUEUED\r\n");
    assert.equal(await other.ask(request("DISCARD")), "+OK\r\n");
  }
  assert.deepEqual(small.errors, []);
});

test("neither an address nor a tenant has all places: others are let in all the same, and places are given back", async (t) => {
  const small = await openRedisWorld({ most: 40 });
  afterwards(t, () => small.close());
  const clients: Awaited<ReturnType<typeof rawClient>>[] = [];
  const hello = async (user: string, token: string) => {
    const client = await rawClient(small.port);
    clients.push(client);
    return client.ask(request("AUTH", user, token));
  };
  let known = 0;
  while ((await hello("theirs.main", "eve")) === "+OK\r\n") known++;
  assert.equal(known, 30, "three quarters");
  assert.equal(await hello("shop.main", "ada"), "+OK\r\n");
  const strangers = await Promise.all(Array.from({ length: 12 }, () => rawClient(small.port)));
  const answers = await Promise.all(strangers.map((client) => client.ask(request("PING"))));
  assert.ok(answers.filter((answer) => answer === "-NOAUTH Authentication required.\r\n").length <= 5);
  assert.ok(answers.includes("-ERR max number of clients reached\r\n"));
  for (const { socket } of [...clients, ...strangers]) socket.destroy();
  await until(async () => (await hello("theirs.main", "eve")) === "+OK\r\n", { what: "places that were given back", ms: 30_000 });
  for (const { socket } of clients) socket.destroy();
  assert.deepEqual(small.errors, []);
});
