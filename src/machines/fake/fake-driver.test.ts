import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import type { ConformanceFunction } from "../conformance/functions.ts";
import { createFakeDriver, type FakeMachineControls } from "./fake-driver.ts";
import type { FakeFunction } from "./fake-agent.ts";

/** The functions of the conformance suite, because the fake agent evaluates no code. */
function functions(machine: FakeMachineControls): Record<ConformanceFunction, FakeFunction> {
  const endless = new Promise<Buffer>(() => undefined);
  const ends = (reason: Parameters<FakeMachineControls["end"]>[0]) => () => {
    machine.end(reason);
    return endless;
  };
  return {
    echo: (body) => body,
    reads: () => Buffer.from("[]"),
    spin(body) {
      machine.work(Number(body.toString()) * 1_000);
      return Buffer.from("spun");
    },
    orphan: () => Buffer.from("gone"),
    eat: ends("out-of-memory"),
    exit: ends("exited"),
    crash: ends("crashed"),
  };
}

describeDriverConformance("fake", async () => ({
  driver: createFakeDriver({ functions }),
  broken: createFakeDriver({
    beforeStart: () => {
      throw new Error("as the test wants it");
    },
  }),
  folders: [],
  limited: "by itself",
}));
