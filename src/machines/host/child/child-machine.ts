/**
 * A machine that is a process of the host and what it starts: `process` and `gvisor` are made of it. Its channel is a
 * socket pair, which the child finds as descriptor 3.
 *
 * Owns the process, its group, its control group, the channel and the machine's folder.
 * 1. When `exited` resolves, none of them is left.
 * 2. A machine whose start fails is ended before the failure is reported.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";

import { guarded } from "../../../base/errors/guarded.ts";
import type { Clock } from "../../../base/clock/clock.ts";
import { within } from "../../../base/clock/within.ts";
import type { Cgroup, CgroupSpec } from "../cgroup/cgroup.ts";
import { createCgroup } from "../cgroup/create-cgroup.ts";
import type { Machine, Usage } from "../../driver.ts";
import { type MachineExit, StartFailure } from "../../exit.ts";
import { type ConsoleTail, keepTail } from "../console-tail.ts";
import { drained } from "../drained.ts";
import { reasonOfNode } from "./node-limits.ts";
import type { RunFolder } from "./run-folder.ts";
import { endBelow, signalAll } from "./signals.ts";

export interface ChildPlan {
  /** For messages: "the agent", "runsc". */
  what: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  limits: CgroupSpec;
  run: RunFolder;
  clock: Clock;
  /** Until the guest's first byte. */
  startMs: number;
  /** It waits for the processes that it started, so it may outlive them for a moment when the machine is killed: nobody else reaps them. */
  reaps: boolean;
  /** Called with all of the machine's processes once the guest has spoken. */
  whenUp?(pids: number[]): void;
}

interface Child {
  process: ChildProcess;
  pid: number;
  channel: Socket;
  /** Exit code and signal, once its output is complete. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  output: ConsoleTail;
}

/** Resolves when the guest's Hello can be read. Rejects with "machine-start-failed". */
export async function startChildMachine(plan: ChildPlan): Promise<Machine> {
  let cgroup: Cgroup | undefined;
  let child: Child;
  try {
    cgroup = createCgroup(plan.limits);
    child = await spawnChild(plan, cgroup);
  } catch (error) {
    await cgroup?.remove();
    plan.run.remove();
    throw new StartFailure(`${plan.what}: ${(error as Error).message}`, error);
  }
  const machine = createMachine(plan, child, cgroup);
  try {
    if (cgroup.kind === "none") cgroup.add(child.pid);
    plan.run.note(child.pid);
    await within(plan.clock, plan.startMs, `the first byte from ${plan.what}`, hello(child.channel, machine));
    plan.whenUp?.(cgroup.pids());
    return machine;
  } catch (error) {
    await machine.kill();
    throw new StartFailure((error as Error).message, error, child.output.lastLines(LAST_LINES));
  }
}

/**
 * The child joins its control group before it becomes what it is to be: what it takes earlier would count for the server, and
 * the kernel makes whoever moves a process wait for milliseconds. It leaves no core file: an app's secrets would be in it. The kernel kills
 * it with this process, however that ends: one that is stopped or computes would see no end of its channel.
 */
const JOIN =
  'ulimit -c 0; while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done; shift; exec /usr/bin/setpriv --pdeathsig=KILL "$@"';

async function spawnChild(plan: ChildPlan, cgroup: Cgroup): Promise<Child> {
  const child = spawn("/bin/sh", ["-c", JOIN, "sh", ...cgroup.joinFiles, "--", plan.command, ...plan.args], {
    cwd: plan.run.folder,
    env: plan.env,
    // A group of its own: a signal from the server's terminal is not meant for it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  if (child.pid === undefined) throw ((await once(child, "error")) as [Error])[0];
  const [, out, err, channel] = child.stdio as unknown as [null, Readable, Readable, Socket];
  const output = keepTail(out, err);
  const ended = Promise.all([once(child, "exit"), once(out, "close"), once(err, "close")]);
  // Whoever reads the channel listens as well; without a reader an error means the end, which `ended` tells.
  channel.on("error", () => channel.destroy());
  return {
    process: child,
    pid: child.pid,
    channel,
    ended: ended.then(([[code, signal]]) => ({ code, signal })),
    output,
  };
}

/** Waits for the first bytes without taking them. */
async function hello(channel: Socket, machine: Machine): Promise<void> {
  const bytes = once(channel, "readable").then(() => channel.readableLength);
  const ended = machine.exited.then(() => 0);
  if ((await Promise.race([bytes, ended])) > 0) return;
  await ended;
  throw new Error("the machine ended before the agent's Hello");
}

function createMachine(plan: ChildPlan, child: Child, cgroup: Cgroup): Machine {
  let killed = false;
  let last: Usage | undefined;

  const signal = (name: NodeJS.Signals) => signalAll(child.pid, cgroup, name);
  const onExit = () => {
    last = { cpuUs: cgroup.usage().cpuUs, memoryBytes: 0 };
    // What the child started would keep its output, and so the machine, open.
    signal("SIGKILL");
  };
  child.process.once(
    "exit",
    guarded(onExit, () => (last ??= { cpuUs: 0, memoryBytes: 0 })),
  );
  const exited = child.ended.then(async ({ code, signal }): Promise<MachineExit> => {
    const reason = killed ? "killed" : cgroup.oomKilled() ? "out-of-memory" : reasonOfNode(code, child.output.text());
    const how = signal === null ? `${plan.what} ended with code ${code}` : `${plan.what} ended by ${signal}`;
    const left = await release(plan, child, cgroup);
    if (killed) return { reason, detail: left, output: [] };
    return { reason, detail: left === "" ? how : `${how}; ${left}`, output: child.output.lastLines(LAST_LINES) };
  });
  return {
    id: plan.limits.id,
    channel: child.channel,
    fresh: true,
    exited,
    usage: () => last ?? cgroup.usage(),
    assign: (app) => cgroup.assign(app),
    stop: async () => signal("SIGSTOP"),
    cont: async () => signal("SIGCONT"),
    kill() {
      if (last === undefined) {
        killed = true;
        if (plan.reaps) void exited.then(endBelow(child.pid, cgroup, plan.clock));
        else signal("SIGKILL");
      }
      return exited;
    },
  };
}

/** Enough for the message of an error above its stack. */
const LAST_LINES = 16;

/** Returns a clause on what could not be removed, or "" where all is gone. */
async function release(plan: ChildPlan, child: Child, cgroup: Cgroup): Promise<string> {
  await drained(child.channel, plan.clock);
  child.channel.destroy();
  try {
    await cgroup.remove();
    plan.run.remove();
    return "";
  } catch (error) {
    return `left behind: ${(error as Error).message}`;
  }
}
