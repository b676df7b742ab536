/** Apps whose machines are of different kinds, on one host: the dispatcher, the fleet and the policy over a driver with two kernels. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { usualKind } from "../base/kind/machine-kind.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import type { MachineSpec } from "../machines/driver.ts";
import { createFakeDriver } from "../machines/fake/fake-driver.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import { KindBook } from "./kind-book.ts";
import { call } from "./testing/caller.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { serve, versionOf } from "./testing/version.ts";

test("each app's calls are served by machines of its own kind, side by side", async (context) => {
  const { dispatcher, started, get } = host(context);
  serve(dispatcher, versionOf("plain"));
  serve(dispatcher, versionOf("small", "small", { kernel: "osv" }));
  serve(dispatcher, versionOf("large", "large", { kernel: "osv", memoryMb: 512 }));
  assert.deepEqual(await Promise.all([get("plain"), get("small"), get("large")]), ["linux 256", "osv 256", "osv 512"]);
  // On a busy host, where the calls take long, another machine may have been begun for one of them.
  const bound = dispatcher.machines().filter(({ app }) => app !== null);
  const kinds = bound.map(({ app, kind }) => `${app}: ${kind.kernel} ${kind.memoryMb}`);
  assert.deepEqual(new Set(kinds), new Set(["plain: linux 256", "small: osv 256", "large: osv 512"]));
  assert.deepEqual(new Set(started.map(({ kernel, memoryMb }) => `${kernel} ${memoryMb}`)), new Set(["linux 256", "osv 256", "osv 512"]));
});

test("a revision of another kind has machines of its own, and those of the old kind go", async (context) => {
  const { dispatcher, get } = host(context);
  serve(dispatcher, versionOf("shop", "1"));
  assert.equal(await get("shop"), "linux 256");
  serve(dispatcher, versionOf("shop", "2", { kernel: "osv" }));
  assert.equal(await get("shop"), "osv 256");
  while (dispatcher.machines().some(({ kind }) => kind.kernel === "linux")) await new Promise((resolve) => setImmediate(resolve));
});

test("while a kind is being prepared, or cannot be started, calls of other kinds are served", async (context) => {
  const preparing = Promise.withResolvers<void>();
  const prepare = ({ kernel }: { kernel: string }) => (kernel === "osv" ? preparing.promise : Promise.resolve());
  const { dispatcher, get } = host(context, prepare);
  serve(dispatcher, versionOf("plain"));
  serve(dispatcher, versionOf("early", "early", { kernel: "osv" }));
  const waiting = get("early");
  assert.equal(await get("plain"), "linux 256");
  preparing.reject(new Error("its image is not to be had"));
  assert.match(await waiting, /machine-start-failed.*its image is not to be had/);
  serve(dispatcher, versionOf("second"));
  assert.equal(await get("second"), "linux 256");
});

/** A host of one start at a time. Each function says of which kind its machine is. */
function host(context: TestContext, prepare: (kind: { kernel: string }) => Promise<void> = async () => undefined) {
  const started: MachineSpec[] = [];
  const driver = createFakeDriver({
    kernels: ["linux", "osv"],
    beforeStart: (spec) => void started.push(spec),
    functions({ spec: { kernel, memoryMb } }) {
      return { main: () => Buffer.from(`${kernel} ${memoryMb}`) };
    },
  });
  const fleet = createFleet({
    driver,
    prepare,
    clock: systemClock,
    bootId: "t",
    code: () => ({ functions: [], parts: () => [] }),
    secrets: () => ({}),
    egress: () => null,
    usage: { record: () => undefined },
    report: () => undefined,
    concurrentStarts: 1,
  });
  const policy = bindPolicy(createPackingPolicy({ ...roomyHost, blanks: 0, idleMs: null, usual: usualKind }));
  const kinds = new KindBook("linux");
  const dispatcher = createDispatcher({ policy, fleet, kinds, clock: systemClock, bootId: "t", logs: { append: () => undefined } });
  context.after(async () => {
    await dispatcher.close(0);
    await driver.close();
  });
  async function get(app: string): Promise<string> {
    const { body, failure } = await call(dispatcher, { app, url: "http://test/", timeoutMs: 30_000 }).over;
    return failure === undefined ? body : `${failure.code} ${JSON.stringify(failure.details)}`;
  }
  return { dispatcher, started, get };
}
