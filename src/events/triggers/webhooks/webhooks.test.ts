import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { CloudEvent, HTTP } from "cloudevents";
import { signatureOf } from "../../http-performer.ts";
import { cloudEventsIn } from "./cloud-events.ts";
import { type Delivery, NotAccepted } from "./delivery.ts";
import { challengeIn, receive, type SenderName } from "./senders.ts";
import { checkBearer } from "./signatures.ts";

const NOW_S = 1_700_000_000;
const SECRET = "It's a Secret to Everybody";

function delivery(headers: Record<string, string>, body: string | Buffer, now = NOW_S * 1_000): Delivery {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { headers: new Map(lower), body: Buffer.from(body), now };
}

const hex = (text: string) => createHmac("sha256", SECRET).update(text).digest("hex");

/** Deliveries as their senders make them. @param at seconds: when it is signed */
const deliveries: Record<SenderName, (body: string, at?: number) => Delivery> = {
  github: (body) => delivery({ "X-Hub-Signature-256": `sha256=${hex(body)}`, "X-GitHub-Delivery": "d-1", "X-GitHub-Event": "push" }, body),
  stripe: (body, at = NOW_S) => delivery({ "Stripe-Signature": `t=${at},v1=${"0".repeat(64)},v1=${hex(`${at}.${body}`)},v0=1` }, body),
  slack: (body, at = NOW_S) =>
    delivery({ "X-Slack-Request-Timestamp": String(at), "X-Slack-Signature": `v0=${hex(`v0:${at}:${body}`)}` }, body),
  standard: (body, at = NOW_S) => {
    const signature = `v1,AAAA ${signatureOf(SECRET, "msg_1", String(at), Buffer.from(body))}`;
    return delivery({ "webhook-id": "msg_1", "webhook-timestamp": String(at), "webhook-signature": signature }, body);
  },
};
const ids: Record<SenderName, string> = { github: "d-1", stripe: "evt_1", slack: "Ev1", standard: "msg_1" };
const body = JSON.stringify({ id: "evt_1", event_id: "Ev1", type: "order.paid", n: 1 });

test("the example of GitHub's documentation is accepted", () => {
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const given = delivery(
    { "X-Hub-Signature-256": signature, "X-GitHub-Delivery": "d", "content-type": "application/json" },
    "Hello, World!",
  );
  // The body of the example is no JSON, which is found out only after the signature.
  assert.throws(() => receive("github", given, SECRET), /no JSON/);
});

for (const name of Object.keys(deliveries) as SenderName[]) {
  test(`a delivery of ${name} has its sender's id and its body`, () => {
    const { id, payload } = receive(name, deliveries[name](body), SECRET);
    assert.equal(id, ids[name]);
    assert.deepEqual((payload as { body: unknown }).body, JSON.parse(body));
    assert.equal((payload as { type: unknown }).type, name === "github" ? "push" : "order.paid");
  });

  test(`a delivery of ${name} with another body, another secret or no signature is not accepted`, () => {
    const good = deliveries[name](body);
    assert.throws(() => receive(name, { ...good, body: Buffer.from(`${body} `) }, SECRET), NotAccepted);
    assert.throws(() => receive(name, good, "other"), NotAccepted);
    assert.throws(() => receive(name, delivery({}, body), SECRET), NotAccepted);
  });

  if (name !== "github")
    test(`a delivery of ${name} that was signed long ago, or ahead of time, is not accepted`, () => {
      assert.throws(() => receive(name, deliveries[name](body, NOW_S - 301), SECRET), /off/);
      assert.throws(() => receive(name, deliveries[name](body, NOW_S + 301), SECRET), /off/);
      assert.ok(receive(name, deliveries[name](body, NOW_S - 299), SECRET));
    });
}

test("Slack's check of an address is answered with its challenge", () => {
  const given = deliveries.slack(JSON.stringify({ type: "url_verification", challenge: "c-7" }));
  assert.equal(challengeIn("slack", receive("slack", given, SECRET)), "c-7");
  assert.equal(challengeIn("slack", receive("slack", deliveries.slack(body), SECRET)), undefined);
});

test("a form is read as its fields, and a form of one payload as that", () => {
  const form = (text: string) => {
    const given = deliveries.slack(text);
    return receive(
      "slack",
      { ...given, headers: new Map([...given.headers, ["content-type", "application/x-www-form-urlencoded"]]) },
      SECRET,
    );
  };
  assert.deepEqual((form("command=%2Fdeploy&text=now&trigger_id=t1").payload as { body: unknown }).body, {
    command: "/deploy",
    text: "now",
    trigger_id: "t1",
  });
  assert.deepEqual((form(`payload=${encodeURIComponent('{"trigger_id":"t2"}')}`).payload as { body: unknown }).body, { trigger_id: "t2" });
});

test("what is signed reaches the function without headers that carry credentials", () => {
  const { payload } = receive("github", deliveries.github(body), SECRET);
  assert.deepEqual((payload as { headers: unknown }).headers, { "x-github-delivery": "d-1", "x-github-event": "push" });
});

const event = new CloudEvent({ id: "1", source: "/shop", type: "order.paid", subject: "7", region: "eu", data: { n: 1 } });
const lastOf = (given: { headers: object; body: unknown }) => delivery(given.headers as Record<string, string>, given.body as string);

test("a CloudEvent of the SDK is the same, structured and binary", () => {
  for (const made of [HTTP.structured(event), HTTP.binary(event)]) {
    const [received, ...more] = cloudEventsIn(lastOf(made));
    assert.equal(more.length, 0);
    assert.deepEqual(
      new CloudEvent(received!.payload as object),
      new CloudEvent({ ...event.toJSON(), datacontenttype: (received!.payload as { datacontenttype: string }).datacontenttype }),
    );
    assert.equal(received!.id, '["/shop","1"]');
  }
});

test("a batch is each of its events", () => {
  const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
  const all = cloudEventsIn(delivery(headers, JSON.stringify([event, event.cloneWith({ id: "2" })])));
  assert.deepEqual(
    all.map(({ id }) => id),
    ['["/shop","1"]', '["/shop","2"]'],
  );
  assert.deepEqual(cloudEventsIn(delivery(headers, "[]")), []);
});

test("bytes are base64, and text is text", () => {
  const head = { "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0", "ce-subject": "caf%C3%A9" };
  const [bytes] = cloudEventsIn(delivery({ ...head, "content-type": "image/png" }, Buffer.from([255, 1])));
  assert.deepEqual(
    { ...(bytes!.payload as object) },
    { id: "1", source: "/s", type: "t", specversion: "1.0", subject: "café", datacontenttype: "image/png", data_base64: "/wE=" },
  );
  const [text] = cloudEventsIn(delivery({ ...head, "content-type": "text/plain" }, "hello"));
  assert.equal((text!.payload as { data: unknown }).data, "hello");
});

for (const [what, given] of [
  ["without its id", { source: "/s", type: "t", specversion: "1.0" }],
  ["of version 0.3", { id: "1", source: "/s", type: "t", specversion: "0.3" }],
  ["with data twice", { id: "1", source: "/s", type: "t", specversion: "1.0", data: 1, data_base64: "AA==" }],
  ["with an attribute of another form", { id: "1", source: "/s", type: "t", specversion: "1.0", "no-dash": 1 }],
  ["that is a list", []],
  ["that is null", null],
] as const)
  test(`a CloudEvent ${what} is not accepted`, () => {
    assert.throws(() => cloudEventsIn(delivery({ "content-type": "application/cloudevents+json" }, JSON.stringify(given))), NotAccepted);
  });

test("a request that is no CloudEvent is not accepted", () => {
  assert.throws(() => cloudEventsIn(delivery({ "content-type": "application/json" }, "{}")), NotAccepted);
  assert.throws(() => cloudEventsIn(delivery({ "content-type": "application/cloudevents+avro" }, "{}")), NotAccepted);
});

test("a token is compared with the secret", () => {
  checkBearer(delivery({ Authorization: "Bearer t-1" }, ""), "t-1");
  for (const headers of [{}, { Authorization: "Bearer t-2" }, { Authorization: "Basic t-1" }])
    assert.throws(() => checkBearer(delivery(headers, ""), "t-1"), NotAccepted);
});
