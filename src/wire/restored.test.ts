/** The host's end of a machine that was bound before it was frozen: it knows nothing of the template's streams, and trusts the guest no more. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { FrameType, PROTOCOL_VERSION } from "./protocol.ts";
import { connectModelGuest, recordingSink, requestHead, settle } from "./testing/model-guest.ts";

const ready = { protocol: PROTOCOL_VERSION, agent: "a", node: "26", kernel: "linux" };

async function restored() {
  const model = connectModelGuest();
  const resumed = model.host.resume(1, Buffer.alloc(64), "m-1", false, { restored: true });
  await settle();
  assert.equal((JSON.parse(model.got[0]!.payload.toString()) as { restored: boolean }).restored, true);
  model.guest.json(FrameType.Ready, 0, ready);
  await resumed;
  return model;
}

test("Ready says why a clone cannot go on", async () => {
  const { host, guest } = connectModelGuest();
  const resumed = host.resume(1, Buffer.alloc(64), "m-1", false, { restored: true });
  guest.json(FrameType.Ready, 0, { ...ready, failed: "no way on" });
  assert.equal((await resumed).failed, "no way on");
});

test("a clone takes Requests without a Bind, and its own connections go on with the template's numbers", async () => {
  const { host, guest, told } = await restored();
  host.request(requestHead, null, true, recordingSink(told));
  guest.json(FrameType.Connect, 40, { host: "192.0.2.1", port: 1 });
  await settle();
  assert.deepEqual(told, []);
});

const late: [string, (guest: Awaited<ReturnType<typeof restored>>["guest"]) => void, RegExp][] = [
  ["the reply of a stream that is not open here", (guest) => guest.headed(FrameType.Response, 1, 3, "200", null), /a Response on stream 3/],
  ["a log line of such a stream", (guest) => guest.frame(FrameType.Log, 0, 3, Buffer.from([1, 65])), /a Log on stream 3/],
  ["data of a connection that the template had", (guest) => guest.frame(FrameType.Data, 0, 6, Buffer.from("x")), /stream 6/],
  ["the Bound of the template's Bind", (guest) => guest.json(FrameType.Bound, 1, { ok: true }), /a Bound/],
  ["a second Ready", (guest) => guest.json(FrameType.Ready, 0, ready), /a Ready/],
  ["a second Hello", (guest) => hello(guest), /a Hello/],
];

function hello(guest: Awaited<ReturnType<typeof restored>>["guest"]): void {
  for (let n = 0; n < 2; n++) guest.json(FrameType.Hello, 0, { protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION }, agent: "a" });
}

for (const [what, send, why] of late)
  test(`${what} is a violation`, async () => {
    const { guest, told } = await restored();
    send(guest);
    await settle();
    assert.equal(told.length, 1, told.join());
    assert.match(told[0]!, /^dead true/);
    assert.match(told[0]!, why);
  });

test("the end of a frame whose beginning went to the template's host is a violation", async () => {
  const { guestChannel, told } = await restored();
  guestChannel.write(Buffer.from("he end of a log line, and much more of it\n"));
  await settle();
  assert.match(told[0]!, /^dead true/);
});
