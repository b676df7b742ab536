/** Samples a server's machines twice a second, as `mayfly ps` shows them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../src/doors/admin/client.ts";
import type { MachineInfo } from "../../src/doors/admin/schemas.ts";

export interface Sample {
  /** Seconds from the beginning. */
  seconds: number;
  /** Invocations on machines. */
  inFlight: number;
  /** The slots of all bound machines. */
  slots: number;
  /** All machines, in whatever state. */
  machines: number;
  /** Bound machines with nothing in flight. */
  idle: number;
  memoryMb: number;
  idleMb: number;
}

export interface Watch {
  /** Resolves with the samples. */
  stop(): Promise<Sample[]>;
}

const EVERY_MS = 500;
const MB = 1_048_576;

export function watch(client: Client): Watch {
  const samples: Sample[] = [];
  const over = new AbortController();
  const began = performance.now();
  const look = async () => {
    for (let next = began; !over.signal.aborted; next += EVERY_MS) {
      samples.push(sampleOf(await client.machines(), (performance.now() - began) / 1_000));
      await sleep(Math.max(0, next + EVERY_MS - performance.now()));
    }
  };
  const looking = look();
  return {
    async stop() {
      over.abort();
      await looking;
      return samples;
    },
  };
}

function sampleOf(machines: MachineInfo[], seconds: number): Sample {
  const idle = machines.filter(({ state, slots }) => state === "bound" && slots.used === 0);
  const sum = (of: MachineInfo[], figure: (machine: MachineInfo) => number) => of.reduce((total, machine) => total + figure(machine), 0);
  return {
    seconds,
    inFlight: sum(machines, ({ slots }) => slots.used),
    slots: sum(machines, ({ slots }) => slots.total),
    machines: machines.length,
    idle: idle.length,
    memoryMb: sum(machines, ({ memoryBytes }) => memoryBytes) / MB,
    idleMb: sum(idle, ({ memoryBytes }) => memoryBytes) / MB,
  };
}

/** GB-seconds, computed from a figure in MB. */
export function gbSeconds(samples: Sample[], figure: "memoryMb" | "idleMb"): number {
  return samples.slice(1).reduce((sum, sample, i) => sum + (sample[figure] / 1_024) * (sample.seconds - samples[i]!.seconds), 0);
}
