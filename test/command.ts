/** The command line as a user runs it: ./mayfly in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { assertDocumented, assertOutcomeDocumented } from "./documented.ts";
import { type Scope, kernelFor, onOsv, projectDir } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What is printed with --json is held against its schema in docs/schemas/. */
export async function mayfly(args: string[], options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {}): Promise<Outcome> {
  const child = start(args, options);
  child.stdin!.end(options.input ?? "");
  const outcome = await outcomeOf(child);
  assertOutcomeDocumented(args, outcome);
  return outcome;
}

/** Resolves when the command has ended. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "exit")]);
  return { code: code as number | null, stdout, stderr };
}

export interface Server {
  /** The supervisor. */
  child: ChildProcess;
  /** The process id of the worker. */
  worker: number;
  gatewayUrl: string;
  apiUrl: string;
  /** The whole standard error, available when the process has ended. */
  log: Promise<string>;
  /** Sends the signal and waits until the process ends; resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts `mayfly serve` on free ports and waits until it is up. It is killed when the scope ends.
 * @param descriptors how many file descriptors it may open; default: as many as this process
 */
export async function serve(scope: Scope, stateDir: string, more: string[] = [], descriptors?: number): Promise<Server> {
  const args = ["serve", "--json", "--state", stateDir, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", ...more, ...kernelOf(more)];
  const child = start(args, { descriptors });
  afterwards(scope, () => void child.kill("SIGKILL"));
  const complaints = text(child.stderr!);
  const exited = once(child, "exit") as Promise<[number | null]>;
  const line = await firstLine(child);
  if (line === "") throw new Error(`serve ended with ${(await exited)[0]}: ${await complaints}`);
  assertDocumented("serve", line);
  const { worker, gatewayUrl, apiUrl } = JSON.parse(line) as { worker: number; gatewayUrl: string; apiUrl: string };
  return {
    child,
    worker,
    gatewayUrl,
    apiUrl,
    log: complaints,
    async end(signal) {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

function kernelOf(args: string[]): string[] {
  const at = args.indexOf("--driver");
  return Object.entries(kernelFor(at < 0 ? undefined : args[at + 1])).map(([name, value]) => `--${name}=${String(value)}`);
}

interface StartOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  descriptors?: number | undefined;
}

/** Starts the command; the caller must end it. */
export function start(args: string[], { env = {}, cwd = projectDir, descriptors }: StartOptions): ChildProcess {
  const program = `${projectDir}mayfly`;
  // The shell sets the limit and then becomes the program, which keeps the limit.
  const [file, all]: [string, string[]] =
    descriptors === undefined ? [program, args] : ["sh", ["-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", program, ...args]];
  // Images, appliances and exports use Linux unless a test says otherwise, whatever kernel the machines of this run have.
  const kernel = onOsv && !["serve", "demo"].includes(args[0] ?? "") ? { MAYFLY_KERNEL: "linux" } : {};
  return spawn(file, all, { cwd, env: { ...process.env, ...kernel, ...env }, stdio: ["pipe", "pipe", "pipe"] });
}

/** Empty if the child ended without printing a line. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n", 1)[0]!;
}
