/** Makes a template: boots a machine, warms the whole path of a request through the real agent, and freezes it. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { agentOf, type AgentName } from "../../base/kind/machine-kind.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { HostEnd } from "../../wire/host-end.ts";
import { WARM_FUNCTION } from "../../wire/protocol.ts";
import { PROGRAM } from "../rehearsal/node-code.ts";
import { callFunction, rehearse, rehearseCrowd, rehearseProgram } from "../rehearsal/rehearsal.ts";
import { BootFailure, type BootOptions, type Booted, withBootedGuest } from "./boot.ts";
import { makeImmutable } from "../../base/libc/libc.ts";
import { saveState } from "./migration.ts";

/** A frozen machine in memory. The holder must close the memory file. */
export interface FrozenMachine {
  /** Descriptor of an immutable memory file: the guest's memory. */
  memory: number;
  /** QEMU's device and CPU state. */
  state: Buffer;
}

interface WarmUp {
  requests: number;
  /** Calls of each of CROWD_LANES callers at once. */
  crowdCalls: number;
  resumes: number;
  /** How often a program is started beside the agent. */
  programs: number;
}

/**
 * After this many requests V8 has optimised the whole path. If the machine were frozen earlier, every clone would go on compiling.
 * docs/drivers-qemu.md has the figures. Python compiles nothing while it runs: it only needs everything imported, and touched once or twice.
 * Java compiles a method after some hundred calls, also those of a resume: with 10 resumes a blank's first reply of hello took 100 ms, with 45 70 ms, with 100 50 ms, but each resume takes the template half a second.
 */
const warmUps: Record<AgentName, WarmUp> = {
  node: { requests: 1_800, crowdCalls: 300, resumes: 45, programs: 10 },
  python: { requests: 40, crowdCalls: 10, resumes: 5, programs: 0 },
  java: { requests: 300, crowdCalls: 50, resumes: 45, programs: 0 },
};
/** What templates are warmed with: a template that was warmed otherwise is another one. */
export const warmth: string = JSON.stringify({ warmUps, program: PROGRAM });

const REQUESTS_PER_REHEARSAL = 20;
const CROWD_LANES = 32;
const SETTLE_MS = 500;
/** Milliseconds in which the agent's timers run out. Otherwise each clone would continue with timers that are under way. */
const QUIET_MS = 1_200;
const ATTEMPTS = 3;
/** Milliseconds until a guest's first word. It takes one or two seconds of CPU time, of which a busy host gives an emulated machine little. */
const BOOT_MS = 180_000;

/** A boot sometimes hangs on a busy host, so it is tried a few times. */
export async function buildTemplate(
  options: Omit<BootOptions, "deadlineMs"> & { warn: (text: string) => void },
  progress: (step: string) => void,
): Promise<FrozenMachine> {
  for (let attempt = 1; ; attempt++) {
    try {
      const frozen = await withBootedGuest({ ...options, deadlineMs: BOOT_MS }, (booted) => freezeWarm(booted, options, progress));
      makeImmutable(frozen.memory);
      return frozen;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      const why = error instanceof BootFailure ? error.withOutput : (error as Error).message;
      options.warn(`the template's machine failed to boot (${why}): it is booted again`);
    }
  }
}

async function freezeWarm(
  booted: Booted,
  { clock, shape }: Pick<BootOptions, "clock" | "shape">,
  progress: (step: string) => void,
): Promise<FrozenMachine> {
  progress("warming the template");
  await warm(booted.host, clock, agentOf(shape.runtime));
  booted.host.close();
  return { memory: booted.memory, state: await saveState(booted.qemu.qmp, booted.confined) };
}

async function warm(host: HostEnd, clock: Clock, agent: AgentName): Promise<void> {
  const { requests, crowdCalls, resumes, programs } = warmUps[agent];
  for (let n = 0; n < requests; n++) {
    await callFunction(host, WARM_FUNCTION);
    if (n % REQUESTS_PER_REHEARSAL === 0) await rehearse(host, agent);
  }
  for (let n = 0; n < programs; n++) await rehearseProgram(host);
  await rehearse(host, agent);
  await rehearseCrowd(host, CROWD_LANES, crowdCalls);
  await sleep(SETTLE_MS);
  for (let n = 0; n < resumes; n++) {
    await host.resume(clock.wall(), randomBytes(64), "template", false);
    await rehearse(host, agent);
  }
  await sleep(QUIET_MS);
}
