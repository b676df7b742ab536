import { spawn } from "node:child_process";
import { once } from "node:events";
import type { WriteStream } from "node:fs";

export interface Logged {
  /** Everything that commands say goes there. */
  log: WriteStream;
  /** Ends the command that runs. */
  signal: AbortSignal;
}

/** Runs a command to its end. Resolves with its exit code (a signal counts as 1). @param shown also on this terminal */
export async function runLogged({ log, signal }: Logged, command: string[], env: Record<string, string>, shown: boolean): Promise<number> {
  signal.throwIfAborted();
  log.write(`$ ${command.at(-1) === undefined ? "" : command.slice(command.lastIndexOf("--") + 1).join(" ")}\n`);
  // A group of its own: Ctrl-C is ours to act on.
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
  const [code] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", kill);
  signal.throwIfAborted();
  return code ?? 1;
}
