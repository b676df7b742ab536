/** Handlers' inputs and results beyond plain beans: what people bring from AWS Lambda, whose own library of events has such classes. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";

async function started(t: TestContext, handlers: Record<string, string>, services: Record<string, string> = {}): Promise<JavaAgent> {
  const agent = await startJavaAgent();
  afterwards(t, () => agent.kill());
  const named = Object.entries(services).map(([name, text]): [string, Buffer] => [`META-INF/services/${name}`, Buffer.from(text)]);
  await agent.bindJar(handlers, jarOf(new Map([...(await compileHandlers()), ...named])));
  return agent;
}

function send(agent: JavaAgent, name: string, payload: unknown) {
  return agent.call({ function: name, input: { kind: "event" }, body: JSON.stringify(payload) });
}

test("classes without a constructor that takes nothing are made by the one that takes their fields", async (t) => {
  const agent = await started(t, { main: "shop.Events::immutable" });
  const record = {
    awsRegion: "eu-central-1",
    eventTime: "2026-11-29T01:02:03.000Z",
    responseElements: { "x-amz-id-2": "abc" },
    object: { key: "a/b", size: 3_000_000_000, eTag: "e" },
  };
  const { text } = await send(agent, "main", { Records: [record, { other: 1 }] });
  assert.deepEqual(JSON.parse(text), {
    records: [
      {
        awsRegion: "eu-central-1",
        eventTime: "2026-11-29T01:02:03Z",
        responseElements: { xAmzId2: "abc" },
        object: { key: "a/b", size: 3_000_000_000, eTag: "e" },
      },
      {},
    ],
  });
});

test("names in other spellings, dates, bytes, classes that are made of a text, and what does not fit quite, are taken as on AWS Lambda", async (t) => {
  const agent = await started(t, { main: "shop.Events::message" });
  const { text } = await send(agent, "main", {
    Sns: { Message: "m" },
    at: "2026-11-29T03:02:03.500+0200",
    stamp: 1_000,
    day: "2026-11-29",
    data: "AQI=",
    price: "1.50",
    "detail-type": "Scheduled Event",
    kind: "NEW",
    tags: "one",
    kinds: ["OLD", "NEW"],
    counts: { OLD: 2, NEW: 3 },
    thing: "",
  });
  const seen = JSON.parse(text.replace("1.50", '"1.50"'));
  // What is null is left out.
  assert.deepEqual(Object.keys(seen).toSorted(), [
    "SNS",
    "URL",
    "at",
    "counts",
    "data",
    "day",
    "detailType",
    "kinds",
    "price",
    "stamp",
    "tags",
  ]);
  assert.deepEqual(
    [seen.SNS, seen.URL, seen.at, seen.data, seen.day, seen.detailType, seen.price, seen.tags],
    [{ Message: "m" }, "u", "2026-11-29T01:02:03.500Z", "AQI=", "2026-11-29T00:00:00Z", "Scheduled Event", { amount: "1.50" }, ["one"]],
  );
  assert.deepEqual([seen.kinds, seen.counts], [["OLD"], { OLD: 2 }]);
  assert.match(seen.stamp, /^1970-01-01 \d\d:00:01/);
  for (const at of ["2026-11-29T01:02:03Z", "2026-11-29T01:02:03", "2026-11-29T01:02:03+00:00"])
    assert.equal(JSON.parse((await send(agent, "main", { at })).text).at, "2026-11-29T01:02:03Z", at);
  const refused = JSON.parse((await send(agent, "main", { at: "soon" })).text);
  assert.match(refused.errorMessage, /^"at": "soon" is no time$/);
  assert.match(JSON.parse((await send(agent, "main", { price: "much" })).text).errorMessage, /^"price": "much" is no Money$/);
});

test("an app's own serializer reads and writes the values of its handlers", async (t) => {
  const own = { "com.amazonaws.services.lambda.runtime.CustomPojoSerializer": "shop.OwnSerializer\n" };
  const agent = await started(t, { main: "shop.Handlers::text" }, own);
  const { text } = await send(agent, "main", "words");
  assert.deepEqual(JSON.parse(text), { own: true, length: 'got own:"words" for main'.length });
  // What a handler returns as a text is the body as it is.
  assert.match((await agent.call()).text, /^got own:\{"version":"2\.0".* for main$/);
});

test("Java that runs from Debian's packages trusts the authorities that Debian's does", async (t) => {
  const agent = await started(t, { main: "shop.Events::trusted" });
  assert.ok(Number((await send(agent, "main", {})).text) > 100);
});
