/**
 * Runs machines as bare processes. They are not isolated except by a control group, so this driver is for trusted code and tests only,
 * and used only if asked for by name.
 */
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";

import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { type RuntimeName, usualRuntime } from "../../base/kind/machine-kind.ts";
import { closeCgroups, describeLimits, sweepCgroups } from "../host/cgroup/create-cgroup.ts";
import { startChildMachine } from "../host/child/child-machine.ts";
import { closeRunFolder, createRunFolder, sweepRunFolders } from "../host/child/run-folder.ts";
import type { Driver, DriverTraits, Machine, MachineSpec } from "../driver.ts";
import { StartFailure } from "../exit.ts";
import { TASK_ROOT_VARIABLE } from "../../wire/protocol.ts";
import { refuseOtherKernels } from "../refuse-kernel.ts";
import { rememberEach } from "../remember.ts";
import type { AgentProgram } from "./agent-program.ts";

export interface ProcessDriverOptions {
  /** Says how a runtime's agent is started. Called when it is first needed, and again only if it failed. */
  program: (runtime: RuntimeName) => Promise<AgentProgram>;
  /** The folder of machines' working folders, and of notes of their processes. */
  runDir: string;
  clock?: Clock;
  /** The folder that gets a file for each machine of Node or Python that belongs to an app, named by its id, with the address at which a debugger is answered. If absent, none is. */
  inspectDir?: string | undefined;
}

/** CPUs for V8's threads, which compile and collect garbage. */
const OVERHEAD_CPUS = 0.5;
const START_MS = 60_000;

/** A machine without a kernel of its own may wait without using any CPU. */
const traits: DriverTraits = { ownKernel: false, hostNetwork: true, answerMs: 0, idleShare: 0.005, wakeUs: 5_000 };

const KERNELS = ["linux"] as const;

export function createProcessDriver({ program, runDir, clock = systemClock, inspectDir }: ProcessDriverOptions): Driver {
  const machines = new Set<Machine>();
  /** What a server that was killed has left is cleared away once. */
  let isSwept = false;
  const programOf = rememberEach(program);
  const prepared = new Set<RuntimeName>();

  return {
    name: "process",
    traits,
    kernels: KERNELS,
    attaches: () => "folder",
    async probe() {
      return { ok: true, detail: `Node ${process.versions.node} processes, not isolated; ${await describeLimits()}` };
    },
    async prepare(progress, { runtime = usualRuntime }) {
      if (!isSwept) {
        await sweepCgroups();
        sweepRunFolders(runDir, "process");
      }
      isSwept = true;
      if (!prepared.has(runtime)) progress(runtime === "node" ? "bundling the agent" : `preparing the image of ${runtime}`);
      await programOf(runtime);
      prepared.add(runtime);
    },
    async start(spec) {
      refuseOtherKernels(spec, KERNELS);
      const agent = await programOf(spec.runtime ?? usualRuntime).catch((error: Error) => {
        throw new StartFailure(error.message, error);
      });
      const inspectFile = inspectDir === undefined ? undefined : path.join(inspectDir, spec.id);
      const machine = await startProcess(agent, runDir, clock, spec, inspectFile);
      machines.add(machine);
      void machine.exited.then(() => machines.delete(machine));
      if (inspectFile !== undefined) void machine.exited.then(() => rmSync(inspectFile, { force: true }));
      return machine;
    },
    async close() {
      await Promise.all([...machines].map((machine) => machine.kill()));
      closeRunFolder(runDir, "process");
      closeCgroups();
    },
  };
}

function startProcess(
  agent: AgentProgram,
  runDir: string,
  clock: Clock,
  spec: MachineSpec,
  inspectFile: string | undefined,
): Promise<Machine> {
  const run = createRunFolder(runDir, "process", spec.id);
  const taskRoot = path.join(run.folder, "task");
  // Java stays where it is started.
  if (spec.runtime === "java") mkdirSync(taskRoot);
  return startChildMachine({
    what: "the agent",
    command: agent.command,
    args: agent.args(spec.memoryMb),
    // The agent makes the task root when an app has files. It goes away with the run folder.
    env: {
      ...agent.env,
      HOME: run.folder,
      TMPDIR: run.folder,
      MAYFLY_CHANNEL: "fd:3",
      [TASK_ROOT_VARIABLE]: taskRoot,
      ...(inspectFile !== undefined && { MAYFLY_INSPECT: inspectFile }),
    },
    ...(spec.runtime === "java" && { cwd: taskRoot }),
    limits: { ...spec, vcpus: spec.vcpus + OVERHEAD_CPUS },
    run,
    clock,
    startMs: START_MS,
    reaps: false,
    inspected: inspectFile !== undefined,
    attach: async (files) => ({ type: "folder", path: await files.path("folder") }),
  });
}
