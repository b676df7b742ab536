/** Machines that are only objects in this process, for tests of the code that uses machines. */
import { type Duplex, duplexPair } from "node:stream";

import type { AppSnapshot, Driver, DriverTraits, Machine, MachineSpec, SavedSnapshot } from "../driver.ts";
import { type ExitReason, type MachineExit, StartFailure } from "../exit.ts";
import { FakeAgent, type FakeFunction } from "./fake-agent.ts";
import { refuseOtherKernels } from "../refuse-kernel.ts";

/** What a function may do to the machine that it runs in. */
export interface FakeMachineControls {
  readonly spec: MachineSpec;
  /** Uses CPU time, microseconds. */
  work(cpuUs: number): void;
  end(reason: Exclude<ExitReason, "killed">): void;
}

export interface FakeDriverOptions {
  /** The functions of a machine, by name; the code that Bind brings is ignored. The default has "echo", which returns the body. */
  functions?: (machine: FakeMachineControls) => Record<string, FakeFunction>;
  /** Called before every start. If it throws, the start fails with that reason. */
  beforeStart?: (spec: MachineSpec) => void | Promise<void>;
  /** Called when a clone of a snapshot is restored. Returns why the app cannot go on, if it cannot. */
  restore?: () => string | undefined;
  /** The kernels that its machines can have, the usual one first. Default: Linux alone. */
  kernels?: Driver["kernels"];
}

/** The memory that every machine holds. */
const MEMORY_BYTES = 32 * 1_048_576;
const START_CPU_US = 1_000;
const SNAPSHOT_BYTES = 1_048_576;

const traits: DriverTraits = { ownKernel: true, hostNetwork: false, answerMs: 0, idleShare: 0, wakeUs: 0 };

export function createFakeDriver({
  functions = onlyEcho,
  beforeStart = () => undefined,
  restore = () => undefined,
  kernels = ["linux"],
}: FakeDriverOptions = {}): Driver {
  const machines = new Set<Machine>();
  let used = 0;
  const saved = new Map<string, SavedSnapshot & AppSnapshot>();
  const start: Driver["start"] = async (spec) => {
    const { snapshot } = spec;
    refuseOtherKernels(spec, kernels);
    await fails(beforeStart, spec);
    if (snapshot !== undefined && saved.get(snapshot.part)?.inputs !== snapshot.inputs)
      throw new StartFailure("the snapshot that it was to start from is gone");
    const machine = createMachine(spec, functions, snapshot && restore);
    machines.add(machine);
    void machine.exited.then(() => machines.delete(machine));
    return machine;
  };
  return {
    name: "fake",
    traits,
    kernels,
    attaches: () => undefined,
    probe: async () => ({ ok: true, detail: "objects in this process" }),
    prepare: async () => undefined,
    start,
    snapshots: {
      async make({ snapshot, ...spec }, { ready, admit, gone }) {
        gone.throwIfAborted();
        const machine = await start(spec);
        // oxlint-disable-next-line mayfly/guarded-listeners -- the signal is the caller's
        gone.addEventListener("abort", () => void machine.kill());
        await Promise.race([ready(machine), machine.exited.then(() => Promise.reject(new Error("the machine ended")))]).finally(() =>
          machine.kill(),
        );
        gone.throwIfAborted();
        admit(SNAPSHOT_BYTES);
        saved.set(snapshot.part, { ...snapshot, bytes: SNAPSHOT_BYTES, usedAt: ++used });
      },
      load: async (_kind, { part, inputs }) => saved.get(part)?.inputs === inputs,
      drop: (part) => void saved.delete(part),
      saved: () => [...saved.values()],
    },
    close: async () => void (await Promise.all([...machines].map((machine) => machine.kill()))),
  };
}

async function fails(beforeStart: (spec: MachineSpec) => void | Promise<void>, spec: MachineSpec): Promise<void> {
  try {
    await beforeStart(spec);
  } catch (error) {
    throw new StartFailure((error as Error).message, error);
  }
}

function createMachine(
  spec: MachineSpec,
  functions: NonNullable<FakeDriverOptions["functions"]>,
  restore: FakeDriverOptions["restore"],
): Machine {
  const [channel, guest] = duplexPair();
  const exit = Promise.withResolvers<MachineExit>();
  let cpuUs = START_CPU_US;
  let ended = false;
  const end = (reason: ExitReason) => {
    if (ended) return;
    ended = true;
    close(guest, channel);
    exit.resolve({
      reason,
      detail: reason === "killed" ? "" : `the fake machine ${reason}`,
      output: reason === "killed" ? [] : ["the fake machine's last line"],
      ...(reason === "crashed" && { forOperator: "registers" }),
    });
  };
  const agent = new FakeAgent(guest, functions({ spec, work: (us) => void (cpuUs += us), end }), restore);
  return {
    id: spec.id,
    channel,
    fresh: restore === undefined,
    exited: exit.promise,
    usage: () => ({ cpuUs, memoryBytes: ended ? 0 : MEMORY_BYTES }),
    assign: async () => undefined,
    stop: async () => agent.stop(),
    cont: async () => agent.cont(),
    kill() {
      end("killed");
      return exit.promise;
    },
  };
}

/** Behaves like the socket of a dead process: the host reads to the end, and writes fail. */
function close(guest: Duplex, channel: Duplex): void {
  guest.destroy();
  channel.destroy();
}

const onlyEcho = () => ({ echo: (body: Buffer) => body });
