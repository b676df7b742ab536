import assert from "node:assert/strict";
import { test } from "node:test";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import { call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";

const OPTIONS = { ...roomyHost, blanks: 0, idleMs: 60_000 };

test("what machines of a removed app print is written to no log, and not to that of an app deployed under the same name", async () => {
  const clock = new FakeClock();
  const fleet = new UnrulyFleet(clock, new Random(5));
  fleet.calm = true;
  const texts: string[] = [];
  const logs = { append: ({ text }: { text: string }) => void texts.push(text) };
  const dispatcher = createDispatcher({ policy: bindPolicy(createPackingPolicy(OPTIONS)), fleet, clock, bootId: "t", logs });
  serve(dispatcher, versionOf("ada", "v1", {}));
  call(dispatcher, { app: "ada", url: "ada", headers: ["body"], body: Buffer.from("body") });
  await clock.advance(1_000);
  const [id] = [...fleet.machines.keys()];
  assert.ok(id !== undefined && dispatcher.machines().some(({ app }) => app === "ada"));
  fleet.says(id, "mine");
  dispatcher.removeApp("ada");
  serve(dispatcher, versionOf("ada", "v2", {}));
  fleet.says(id, "late");
  assert.deepEqual(texts, ["mine"]);
});
