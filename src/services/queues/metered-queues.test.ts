import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "../../base/clock/until.ts";
import { meteredQueues } from "./metered-queues.ts";
import { MESSAGE_BYTES } from "./store/counts.ts";
import { World } from "./testing/world.ts";

const world = new World();
after(() => world.close());

test("messages are told of whom their queue belongs to when they are sent, received and deleted; a receive that finds none is not", async () => {
  const told: [owner: string, use: object][] = [];
  const queues = meteredQueues(world.queues, (...what) => void told.push(what));
  await queues.create({ tenant: "ten_a", app: "app_a", name: "jobs", settings: {}, tags: {} });
  await queues.create({ tenant: "ten_a", app: null, name: "own", settings: {}, tags: {} });
  const message = (body: string) => ({ body, attributes: {}, bytes: body.length });
  const jobs = { tenant: "ten_a", name: "jobs", apps: ["app_a"] };
  const seen = async (count: number) => {
    await until(() => told.length >= count, { what: `${count} uses`, ms: 60_000 });
    return told.splice(0);
  };
  await queues.messages.receive(jobs, { most: 10, waitMs: 0 });
  await queues.messages.send(jobs, [message("a"), message("b")]);
  assert.deepEqual(await seen(1), [["app_a", { writes: 2 }]]);
  const received = await queues.messages.receive(jobs, { most: 10, waitMs: 0 });
  await queues.messages.delete(
    jobs,
    received.map(({ receipt }) => receipt),
  );
  assert.deepEqual(await seen(2), [
    ["app_a", { reads: 2 }],
    ["app_a", { writes: 2 }],
  ]);
  await queues.messages.send({ tenant: "ten_a", name: "own" }, [message("hello")]);
  assert.deepEqual(await seen(1), [["ten_a", { writes: 1 }]]);
  assert.deepEqual(await world.commit.run("kept", null), [{ owner: "ten_a", bytes: 5 + MESSAGE_BYTES }]);
});
