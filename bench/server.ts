/** A server that the bench started: its address, its CPU time, how to end it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Server {
  url: string;
  /** Of the process that answers. */
  readonly pid: number;
  /** User and system CPU time so far, in microseconds, of this process alone (its machines are other processes). */
  cpuUs(): number;
  stop(): Promise<void>;
}

/** Starts a program and waits until its port answers. If it does not, the error contains the program's output. */
export async function startServer(
  command: string[],
  options: { port: number; env?: NodeJS.ProcessEnv; cwd?: string; path?: string; withinMs?: number },
): Promise<Server> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  const tail = outputTail(child);
  const deadline = Date.now() + (options.withinMs ?? 60_000);
  while (!(await answers(options.port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command.join(" ")} did not come up on port ${options.port}:\n${tail()}`);
    }
    await sleep(50);
  }
  return {
    url: `http://127.0.0.1:${options.port}${options.path ?? "/"}`,
    pid: child.pid ?? 0,
    cpuUs: () => cpuUs(child.pid ?? 0),
    stop: () => stop(child),
  };
}

/** The same server, if the started program only looks after its one child, which answers. */
export function supervised(server: Server): Server {
  const worker = () => {
    const [child] = childrenOf(server.pid);
    if (child === undefined) throw new Error(`process ${server.pid} should have a child that answers`);
    return child;
  };
  return {
    ...server,
    get pid() {
      return worker();
    },
    cpuUs: () => cpuUs(worker()),
  };
}

/** Read from /proc/<pid>/stat, where the kernel counts in ticks of 10 ms. */
export function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The memory in bytes of all descendants of the process; shared pages are divided among those that share them. */
export function descendantsPss(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + processPss(child) + descendantsPss(child), 0);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
}

/** The memory in bytes of one process; pages that it shares are divided among those that share them. */
export function processPss(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

/** The resident memory in bytes of one process. The process is not stopped for it, as it is to count what it shares. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1_024;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await once(child, "exit");
  clearTimeout(killer);
}

function outputTail(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-8_192);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
