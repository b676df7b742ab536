/** Runs a program of a deploy, such as pip, until it ends. It is killed with all that it has started when its time is over. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface LimitedRun {
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** What it reads on its standard input; nothing where absent. */
  input?: string | undefined;
  /** Milliseconds; without it, the program has all the time that it takes. */
  limitMs?: number | undefined;
  /** Kills the program before its time is over. */
  signal?: AbortSignal | undefined;
}

export interface ProgramResult {
  /** Not 0 if a signal ended it. */
  code: number;
  /** The signal that ended it. */
  endedBy: NodeJS.Signals | null;
  /** Whether that was because its time was over. */
  isLate: boolean;
  stdout: string;
  stderr: string;
}

/** In UTF-16 code units: one that prints more than that is killed. */
const MOST_PRINTED = 64 << 20;

/**
 * A process group can be killed as a whole, but a terminal's Ctrl-C ends only this process, which leads another one. So the kernel is asked to kill the program
 * when this process ends.
 */
const beforeProgram = ["--pdeathsig=KILL", "--"];

/** Rejects if the program cannot be started, or prints too much. */
export function runLimited(program: string, args: string[], { cwd, env, input = "", limitMs, signal }: LimitedRun): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("/usr/bin/setpriv", [...beforeProgram, program, ...args], { cwd, env, detached: true });
    const kill = () => killGroup(child.pid);
    let isLate = false;
    const late = () => {
      isLate = true;
      kill();
    };
    const tooMuch = () => {
      kill();
      reject(new Error(`${program} printed more than ${MOST_PRINTED >> 20} MiB`));
    };
    const timer = limitMs === undefined ? undefined : setTimeout(late, limitMs);
    signal?.addEventListener("abort", kill);
    const [stdout, stderr] = [printed(child.stdout, tooMuch), printed(child.stderr, tooMuch)];
    child.on("error", reject);
    child.on("close", (code, endedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      resolve({ code: code ?? 1, endedBy, isLate, stdout: stdout(), stderr: stderr() });
    });
    // A program that does not read to the end is told of by its exit code.
    child.stdin.on("error", () => {}).end(input);
  });
}

/** @returns what has come so far */
function printed(stream: Readable, tooMuch: () => void): () => string {
  let all = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    all += chunk;
    if (all.length <= MOST_PRINTED) return;
    all = "";
    tooMuch();
  });
  return () => all;
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // All of its processes have ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
