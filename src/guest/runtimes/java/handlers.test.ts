/** Handlers of AWS Lambda's kinds, compiled against the interfaces that the agent brings. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { ResetCode } from "../../../wire/protocol.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";

let agent: JavaAgent;

const methods = ["event", "full", "text", "numbers", "nothing", "large", "badHead", "circular", "thread", "sees", "waits", "both", "same"];
const streams = ["echo", "numbered", "withHead", "wholeReply", "midway", "endless"];

before(async () => {
  agent = await startJavaAgent();
  const named = [...methods, ...streams].map((name) => [name, `shop.Handlers::${name}`]);
  const handlers = { ...Object.fromEntries(named), orders: "shop.Orders", byName: "shop.Orders::handleRequest", last: "shop.Last" };
  await agent.bindJar(handlers, jarOf(await compileHandlers()));
});
after(() => agent.kill());

const event = (name: string, payload: unknown) =>
  agent.call({ function: name, input: { kind: "event" }, ...(payload === undefined ? {} : { body: JSON.stringify(payload) }) });

test("a handler gets an HTTP API event and its result is sent as JSON", async () => {
  const reply = await agent.call({
    function: "event",
    method: "POST",
    url: "http://api.example.com/app/main/x%20y?a=1&a=2&b=%C3%BC+%zz&c",
    headers: [
      "User-Agent",
      "tests",
      "X-Forwarded-For",
      "192.0.2.1",
      "Cookie",
      "k=v; l=w",
      "Content-Type",
      "application/json",
      "X-M",
      "1",
      "x-m",
      "2",
    ],
    body: '{"söme":1}',
  });
  assert.deepEqual([reply.status, reply.headers["content-type"]], [200, "application/json"]);
  const { event: seen, id, name, version, memory, arn, left } = JSON.parse(reply.text);
  assert.deepEqual(
    [seen.version, seen.routeKey, seen.rawPath, seen.rawQueryString],
    ["2.0", "$default", "/app/main/x%20y", "a=1&a=2&b=%C3%BC+%zz&c"],
  );
  assert.deepEqual(seen.queryStringParameters, { a: "1,2", b: "ü %zz", c: "" });
  assert.deepEqual(seen.cookies, ["k=v", "l=w"]);
  assert.deepEqual(seen.headers, {
    "user-agent": "tests",
    "x-forwarded-for": "192.0.2.1",
    "content-type": "application/json",
    "x-m": "1,2",
  });
  assert.deepEqual([seen.body, seen.isBase64Encoded], ['{"söme":1}', false]);
  const { http, requestId, domainName, domainPrefix, time, timeEpoch } = seen.requestContext;
  assert.deepEqual(http, { method: "POST", path: "/app/main/x%20y", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "tests" });
  assert.deepEqual([requestId, domainName, domainPrefix], [id, "api.example.com", "api"]);
  assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.equal(Date.parse(time.replace(/\//g, " ").replace(":", " ")), Math.floor(timeEpoch / 1000) * 1000);
  assert.deepEqual([name, version, memory, arn], ["event", "7", 256, "arn:aws:lambda:mayfly:000000000000:function:app-event"]);
  assert.ok(left > 0 && left <= 5_000);
});

test("a body that is no text comes as base64, and large ones whole, in both directions", async () => {
  const body = Buffer.alloc(300_000, Buffer.from([0xff, 0, 1]));
  const { event: seen } = JSON.parse((await agent.call({ function: "event", method: "POST", body })).text);
  assert.ok(seen.isBase64Encoded && Buffer.from(seen.body, "base64").equals(body));
  const large = await agent.call({ function: "large" });
  assert.deepEqual([large.headers["content-length"], large.text], ["500000", "0123456789".repeat(50_000)]);
});

test("beans, records, enums, collections and times cross as JSON, in both directions", async () => {
  const order = {
    id: 12_345_678_901,
    state: "paid",
    lines: [
      { article: "pen", count: 3, price: 0.1 },
      { count: 1.0, article: "ink", price: "BIG" },
    ],
    tags: { a: [1, 2], b: [] },
    note: "n",
    at: "2026-11-29T01:02:03Z",
    Due: "2026-12-24",
    stamp: "AQI=",
    unknown: { to: ["us"] },
  };
  const body = JSON.stringify(order).replace('"BIG"', "12345678901234567890");
  for (const name of ["orders", "byName"]) {
    const { text } = await agent.call({ function: name, input: { kind: "event" }, body });
    assert.match(text, /"total":12345678901234567890\.3[,}]/);
    const receipt = JSON.parse(text);
    assert.deepEqual(receipt.order, {
      due: "2026-12-24",
      stamp: "AQI=",
      id: 12_345_678_901,
      state: "PAID",
      lines: [
        { article: "pen", count: 3, price: 0.1 },
        { article: "ink", count: 1, price: 1.2345678901234567e19 },
      ],
      tags: { a: [1, 2], b: [] },
      note: "n",
      at: "2026-11-29T01:02:03Z",
    });
    assert.deepEqual([receipt.paid, receipt.id, receipt.took], [true, "00000000-0000-0001-0000-000000000002", "PT1.5S"]);
    assert.deepEqual([receipt.words, receipt.URLShare], [['a"b', "\u0001", "ü€😀"], null]);
  }
});

test("types that a class tells of the one that it inherits from are known", async () => {
  const { text } = await event("last", [{ article: "a" }, { article: "b", count: 2 }]);
  assert.deepEqual(JSON.parse(text), { article: "b", count: 2 });
});

test("an input that does not fit is told by the name of what does not, and the function is not called", async () => {
  const { status, text } = await event("orders", { lines: [{ count: 1.5 }] });
  const { errorType, errorMessage } = JSON.parse(text);
  assert.deepEqual([status, errorType], [500, "java.lang.IllegalArgumentException"]);
  assert.equal(errorMessage, '"lines": "count": 1.5 is no int');
  assert.match(
    JSON.parse((await agent.call({ function: "orders", input: { kind: "event" }, body: "{oops" })).text).errorMessage,
    /not JSON.*"o" at character 1/,
  );
});

test("of several methods of one name, the one with the most parameters is called", async () => {
  assert.equal((await event("text", "words")).text, '"got words for text"');
  assert.equal((await event("text", { a: [1.5, true] })).text, '"got {\\"a\\":[1.5,true]} for text"');
  assert.deepEqual(JSON.parse((await event("numbers", [41])).text), [41, 42]);
});

const seed = seedOf();

test(`JSON is read and written as JavaScript does (seed ${seed})`, async () => {
  const random = new Random(seed);
  for (let round = 0; round < 200; round++) {
    const value = someValue(random, 4);
    const spaced = random.chance(0.5) ? JSON.stringify(value, null, random.below(3)) : JSON.stringify(value);
    const { text } = await agent.call({ function: "same", input: { kind: "event" }, body: ` ${spaced}\n` });
    assert.deepEqual(JSON.parse(text), value);
    const broken = spaced.slice(0, random.below(spaced.length));
    const whole = isJson(broken);
    const { status } = await agent.call({ function: "same", input: { kind: "event" }, body: broken === "" ? " " : broken });
    assert.equal(status, whole ? 200 : 500, broken);
  }
});

test("a bean with a status code is the whole reply", async () => {
  const reply = await agent.call({ function: "full" });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-a"]], [201, "made", "one"]);
  assert.deepEqual(reply.headers["set-cookie"], ["a=1", "b=2"]);
});

test("nothing is null, over HTTP and for an event", async () => {
  assert.equal((await agent.call({ function: "nothing" })).text, "null");
  assert.equal((await event("nothing", undefined)).text, "null");
});

test("what is no response resets with bad-response and the reason", async () => {
  for (const [name, reason] of Object.entries({
    badHead: /x y/,
    circular: /contains itself/,
    thread: /java\.lang\.Thread can't be sent/,
  })) {
    const { reset } = await agent.call({ function: name });
    assert.equal(reset?.code, ResetCode.BadResponse, name);
    assert.match(reset.message, reason);
  }
});

test("an app sees Lambda's interfaces, and nothing of the agent", async () => {
  assert.deepEqual(JSON.parse((await agent.call({ function: "sees" })).text), {
    "mayfly.Agent": null,
    "warm.Plain": null,
    "com.amazonaws.services.lambda.runtime.Context": "shared",
    "shop.Library": "own",
  });
});

test("a stream handler reads the event and writes the reply", async () => {
  const payload = { a: "ü" };
  assert.equal((await event("echo", payload)).text, JSON.stringify(payload));
  const http = await agent.call({ function: "echo", url: "http://x/p" });
  assert.deepEqual([http.headers["content-type"], JSON.parse(http.text).rawPath], ["application/json", "/p"]);
  const whole = await agent.call({ function: "wholeReply" });
  assert.deepEqual([whole.status, whole.text], [203, "whole"]);
  const head = await agent.call({ function: "withHead" });
  assert.deepEqual([head.status, head.text, head.headers["x-s"], head.headers["set-cookie"]], [202, "{body}", "yes", "c=3"]);
});

test("a large stream arrives whole, under credit", async () => {
  const text = Array.from({ length: 200 }, (_, at) => String(at % 10).repeat(1000)).join("");
  assert.equal((await agent.call({ function: "numbered" })).text, text);
  assert.equal((await event("numbered", undefined)).text, text);
});

test("a stream is written no faster than the host takes it, and a caller that goes away ends it", async () => {
  let bytes = 0;
  const closed = Promise.withResolvers<ResetCode | null>();
  let reset: ResetCode | null = null;
  const request = agent.open(
    {
      head: (_status, _headers, body) => void (bytes += body.length),
      data: (chunk) => void (bytes += chunk.length),
      reset: (code) => (reset = code),
      closed: () => closed.resolve(reset),
    },
    { function: "endless" },
  );
  // Nothing is taken, so nothing beyond the first credit may come, however long one waits: other calls show that time passes.
  for (let calls = 0; calls < 20; calls++) await agent.call({ function: "waits" });
  assert.equal(bytes, 65_536);
  request.reset(ResetCode.Cancelled, "");
  await closed.promise;
  assert.equal((await agent.logged("stopped by")).text, "stopped by Aborted");
});

test("a stream handler that throws after it has begun has its reply cut off", async () => {
  const reply = await agent.call({ function: "midway" });
  assert.deepEqual([reply.text, reply.reset], ["some", { code: ResetCode.FunctionThrew, message: "IOException: midway" }]);
});

test("invocations run at the same time, as many as wait", async () => {
  const both = await Promise.all([agent.call({ function: "both" }), agent.call({ function: "both" })]);
  assert.deepEqual(
    both.map(({ text }) => text),
    ["both", "both"],
  );
  const many = await Promise.all(Array.from({ length: 200 }, () => agent.call({ function: "waits", remainingMs: 60_000 })));
  assert.deepEqual(
    many.filter(({ status }) => status !== 200),
    [],
  );
  assert.equal(new Set(many.map(({ text }) => text)).size, 200);
});

function someValue(random: Random, depth: number): unknown {
  const size = () => random.below(4);
  const kinds = [
    () => null,
    () => random.chance(0.5),
    () => random.below(2 ** 31) - 2 ** 30,
    () => Math.floor(random.between(-1, 1) * 1e18),
    () => random.between(-1, 1) * 10 ** random.between(-300, 300),
    () => someText(random),
    () => Array.from({ length: size() }, () => someValue(random, depth - 1)),
    () => Object.fromEntries(Array.from({ length: size() }, () => [someText(random), someValue(random, depth - 1)])),
  ];
  return random.pick(depth > 0 ? kinds : kinds.slice(0, 6))();
}

function someText(random: Random): string {
  const letters = ["a", '"', "\\", "/", "\n", "\u0000", "\u001f", "\u007f", "ü", "€", "\u2028", "😀", "\ud83d", "\ude00", "{", "]", " "];
  return Array.from({ length: random.below(8) }, () => random.pick(letters)).join("");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("a connection that asks for another protocol is refused, as no handler could take it", async () => {
  const input = { kind: "upgrade", protocol: "websocket", method: "GET", url: "http://h/", headers: [] as string[] } as const;
  assert.equal((await agent.call({ function: "event", input })).reset?.code, ResetCode.Refused);
  assert.equal((await agent.call({ function: "event" })).status, 200);
});
