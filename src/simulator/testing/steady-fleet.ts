/** A fleet in virtual time in which nothing goes wrong. Its machines behave as those of the simulator, but their start times vary. */
import type { Version } from "../../store/catalog/catalog.ts";
import type { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import type { Random } from "../../base/testing/random.ts";
import type { Fleet, FleetEvents, FleetPhase, MachineView, StartOrder } from "../../fleet/fleet.ts";
import type { MachineId } from "../../policy/policy.ts";
import type { RequestHead, RequestSink, RequestStream } from "../../wire/host-end.ts";
import type { MachineKind } from "../../base/kind/machine-kind.ts";

interface SteadyMachine {
  kind: MachineKind;
  phase: FleetPhase;
  app: string | null;
  revision: string | null;
  inFlight: number;
  /** CPU time since the last report, ms. */
  cpuMs: number;
}

const REPORT_MS = 1_000;
const CALL_CPU_MS = 10;

export class SteadyFleet implements Fleet {
  /** Number of machines that came up. */
  starts = 0;
  readonly #machines = new Map<MachineId, SteadyMachine>();
  readonly #clock: FakeClock;
  readonly #random: Random;
  #events!: FleetEvents;

  constructor(clock: FakeClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    clock.every(REPORT_MS, () => this.#report());
  }

  attach(events: FleetEvents): void {
    this.#events = events;
  }

  start(id: MachineId, { kind }: Pick<StartOrder, "kind">): void {
    this.#machines.set(id, { kind, phase: "starting", app: null, revision: null, inFlight: 0, cpuMs: 0 });
    this.#later(id, this.#random.between(150, 250), (machine) => {
      machine.phase = "blank";
      this.starts++;
      this.#events.blank(id);
    });
  }

  hasten(): void {}

  rouse(): void {}

  bind(id: MachineId, version: Version): void {
    Object.assign(this.#machines.get(id) as SteadyMachine, { phase: "binding", app: version.app, revision: version.id });
    this.#later(id, this.#random.between(20, 40), (machine) => {
      machine.phase = "bound";
      this.#events.bound(id);
    });
  }

  /** The body of the invocation says for how many ms it runs. */
  request(id: MachineId, _head: RequestHead, body: Buffer | null, _end: boolean, sink: RequestSink): RequestStream {
    const machine = this.#machines.get(id) as SteadyMachine;
    machine.inFlight++;
    machine.cpuMs += CALL_CPU_MS;
    this.#clock.after(Number(body), () => {
      machine.inFlight--;
      sink.head(200, [], Buffer.alloc(0), true);
      sink.closed();
    });
    return { stream: 1, sent: true, reset() {}, write: () => true, end() {}, consumed() {} };
  }

  kill(id: MachineId, reason: string): void {
    this.#later(id, 0, () => {
      this.#machines.delete(id);
      this.#events.gone(id, { reason: "killed", detail: reason, output: [], asked: true, failed: false });
    });
  }

  checkAlive(): void {}

  sample(): void {}

  view(id: MachineId): MachineView | undefined {
    const machine = this.#machines.get(id);
    if (machine === undefined) return undefined;
    const { kind, phase, app, revision } = machine;
    const figures = { kind, memoryBytes: 0, cpuUs: 0, ageMs: 0, asleep: false };
    return { id, name: `m${id}`, driver: "fake", phase, app, revision, ...figures };
  }

  async close(): Promise<void> {
    for (const id of this.#machines.keys()) this.kill(id, "the end");
    while (this.#machines.size > 0) await Promise.resolve();
  }

  #report(): void {
    for (const [id, machine] of this.#machines) {
      if (machine.phase !== "bound" || (machine.inFlight === 0 && machine.cpuMs === 0)) continue;
      this.#events.stats(id, { cpu: machine.cpuMs / REPORT_MS, memoryBytes: 60 * 1_048_576, loopDelayMs: 0.1 });
      machine.cpuMs = 0;
    }
  }

  #later(id: MachineId, ms: number, act: (machine: SteadyMachine) => void): void {
    this.#clock.after(ms, () => {
      const machine = this.#machines.get(id);
      if (machine !== undefined) act(machine);
    });
  }
}
