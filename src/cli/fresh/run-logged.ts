import { spawn } from "node:child_process";
import { once } from "node:events";
import type { WriteStream } from "node:fs";
import { keepTail } from "../../machines/host/console-tail.ts";

export interface Logged {
  /** Receives all output of commands. */
  log: WriteStream;
  /** Ends the running command. */
  signal: AbortSignal;
}

export interface Outcome {
  /** 1 if a signal ended the command. */
  code: number;
  /** The last line that the command wrote to standard error. */
  complaint: string;
}

/** Runs a command until it ends. @param shown also print its output on this terminal */
export async function runLogged({ log, signal }: Logged, command: string[], env: Record<string, string>, shown: boolean): Promise<Outcome> {
  signal.throwIfAborted();
  log.write(`$ ${command.at(-1) === undefined ? "" : command.slice(command.lastIndexOf("--") + 1).join(" ")}\n`);
  // The command gets a process group of its own, because this process handles Ctrl-C.
  const child = spawn(command[0]!, command.slice(1), { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.pipe(log, { end: false });
    if (shown) from.pipe(to, { end: false });
  }
  const stderr = keepTail(child.stderr);
  const [code] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", kill);
  signal.throwIfAborted();
  return { code: code ?? 1, complaint: stderr.lastLines(1).join("") };
}
