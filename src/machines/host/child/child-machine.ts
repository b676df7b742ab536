/**
 * A machine that is a process of the host, with the processes that it starts: the drivers `process` and `gvisor` are built on it. Its channel is a socket
 * pair, which the child finds as descriptor 3.
 *
 * Owns the process, its group, its control group, the channel and the machine's folder.
 * 1. When `exited` resolves, none of them is left.
 * 2. A machine whose start fails is ended before the failure is reported.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { Socket } from "node:net";

import { guarded } from "../../../base/errors/guarded.ts";
import { failureText } from "../../../base/errors/failure-text.ts";
import type { Clock } from "../../../base/clock/clock.ts";
import { within } from "../../../base/clock/within.ts";
import { createPipe } from "../../../base/libc/libc.ts";
import type { Cgroup, CgroupSpec } from "../cgroup/cgroup.ts";
import { createCgroup } from "../cgroup/create-cgroup.ts";
import type { Machine, Usage } from "../../driver.ts";
import { type MachineExit, StartFailure } from "../../exit.ts";
import { type ConsoleTail, keepTail } from "../console-tail.ts";
import { drained } from "../drained.ts";
import { pacePrinted } from "../pace-printed.ts";
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
  /** The working directory. Absent: the run folder. */
  cwd?: string;
  clock: Clock;
  /** Milliseconds until the guest's first byte, at most. */
  startMs: number;
  /**
   * Whether the child waits for the processes that it started. Then it must outlive them for a moment when the machine is killed, because
   * nobody else reaps them.
   */
  reaps: boolean;
  /** As the machine's. */
  attach?: Machine["attach"];
  /** If present, the child has a second channel as descriptor 4, and this is called with the host's end. */
  second?(channel: Socket): void;
  /** Whether debuggers reach the machine. */
  inspected?: boolean;
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

/** Resolves when the guest's Hello can be read. Rejects with a StartFailure. */
export async function startChildMachine(plan: ChildPlan): Promise<Machine> {
  let cgroup: Cgroup | undefined;
  let child: Child;
  try {
    cgroup = createCgroup(plan.limits);
    child = await spawnChild(plan, cgroup);
  } catch (error) {
    await cgroup?.remove();
    plan.run.remove();
    throw new StartFailure(`${plan.what}: ${failureText(error)}`, error);
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
    throw new StartFailure(failureText(error), error, child.output.lastLines(LAST_LINES));
  }
}

/**
 * A shell that joins the machine's control group and then becomes the machine's program. If this process moved the child instead, what the child takes
 * before would count for the server, and the kernel would make this process wait for milliseconds. The child leaves no core file, as an app's secrets would
 * be in it. The kernel kills the child when this process ends: a child that is stopped or computes would not notice the end of its channel.
 */
const JOIN =
  'ulimit -c 0; while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done; shift; exec /usr/bin/setpriv --pdeathsig=KILL "$@"';

async function spawnChild(plan: ChildPlan, cgroup: Cgroup): Promise<Child> {
  const [out, err] = [openOutput(), openOutput()];
  const child = spawn("/bin/sh", ["-c", JOIN, "sh", ...cgroup.joinFiles, "--", plan.command, ...plan.args], {
    cwd: plan.cwd ?? plan.run.folder,
    env: plan.env,
    // The child has a process group of its own: a signal from the server's terminal is not meant for it.
    detached: true,
    stdio: ["ignore", out.write, err.write, "pipe", ...(plan.second ? (["pipe"] as const) : [])],
  });
  for (const { write } of [out, err]) fs.closeSync(write);
  if (child.pid === undefined) {
    for (const { read } of [out, err]) read.destroy();
    throw ((await once(child, "error")) as [Error])[0];
  }
  const channel = child.stdio[3] as Socket;
  plan.second?.((child.stdio as unknown as Socket[])[4]!);
  const output = keepTail(out.read, err.read);
  for (const { read } of [out, err]) pacePrinted(read, plan.clock);
  const ended = Promise.all([once(child, "exit"), once(out.read, "close"), once(err.read, "close")]);
  // A reader of the channel listens for errors as well. Without a reader an error only means that the machine ends, which `ended` tells.
  channel.on("error", () => channel.destroy());
  return {
    process: child,
    pid: child.pid,
    channel,
    ended: ended.then(([[code, signal]]) => ({ code, signal })),
    output,
  };
}

/**
 * A pipe, because what Node would make is a socket, which no program can open by the path /dev/stdout. In a sandbox that path belongs to the one who made the
 * pipe, and the agent is another user there.
 */
function openOutput(): { read: Socket; write: number } {
  const { read, write } = createPipe();
  fs.fchmodSync(write, 0o622);
  return { read: new Socket({ fd: read, readable: true, writable: false }), write };
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
    // Processes that the child has started would keep its output open, and with it the machine.
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
    const detail = left === "" ? how : `${how}; ${left}`;
    return { reason, detail, ...endOf(code, signal), output: child.output.lastLines(LAST_LINES) };
  });
  return {
    id: plan.limits.id,
    ...(plan.attach && { attach: plan.attach }),
    channel: child.channel,
    ...(plan.inspected === true && { inspector: {} }),
    fresh: true,
    exited,
    followPrinted: (take) => child.output.follow(take),
    usage: () => last ?? cgroup.usage(),
    assign: (app, tenant) => cgroup.assign(app, tenant),
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

function endOf(code: number | null, signal: NodeJS.Signals | null): Pick<MachineExit, "code" | "signal"> {
  if (signal !== null) return { signal };
  return code === null ? {} : { code };
}

/** Lines of output in an exit: enough for the message of an error above its stack. */
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
