/**
 * A program of the app's that runs beside the agent, as its child.
 *
 * 1. `ended` resolves once, when the program is gone and what it printed has been logged.
 * 2. What the program has started ends with it, also what has no more to do with it than that. So nothing of a failed start is in the way of the next one.
 * 3. Neither of them outlives the agent.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { openOutputPipe } from "../../agent/log/output-pipe.ts";
import type { Print } from "../../agent/log/lines.ts";
import { LogLevel } from "../../../wire/protocol.ts";
import { taskRoot } from "../../agent/files/task-root.ts";
import { killFamily, markOf } from "./family.ts";
import { ProgramOutput } from "./program-output.ts";

export interface ProgramEnd {
  /** A clause: "ended with code 1". */
  how: string;
  /** Whether it ran at all. */
  ran: boolean;
  /** As a shell would tell it: 128 and the signal's number if a signal ended the program. */
  code: number;
}

/** Milliseconds for which output is still read when the program has ended, in case that a process which it started holds its pipes open. */
const DRAIN_MS = 200;

export class Program {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  /** No other program has it, also none of another agent on the same host. */
  readonly #id = `${process.pid}-${process.hrtime.bigint()}`;

  /** Rejects never and throws nothing: a program that can't be started has ended. */
  constructor(command: string, args: string[], env: Record<string, string>, print: Print) {
    // An app without files has no task root yet.
    mkdirSync(taskRoot, { recursive: true });
    const pipes = [openOutputPipe(), openOutputPipe()];
    const [out, error] = pipes.map((pipe) => pipe?.fd ?? "pipe");
    this.#child = spawn(command, args, { cwd: taskRoot, env: { ...env, ...markOf(this.#id) }, stdio: ["ignore", out, error] });
    for (const pipe of pipes) pipe?.handedOver();
    const { stdout, stderr } = this.#child;
    this.ended = watch(this.#child, [pipes[0]?.out ?? stdout!, pipes[1]?.out ?? stderr!], print).finally(() => this.kill());
    const end = () => this.kill();
    process.on("exit", end);
    void this.ended.then(() => process.off("exit", end));
  }

  /** Whether its end is known. `ended` follows when its output has been read. */
  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal that a program which does not care for it never notices. */
  tellContinued(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends the program, if it still runs, and what it has started. */
  kill(): void {
    killFamily(this.#id, this.isGone ? undefined : this.#child.pid);
  }
}

function watch(child: ChildProcess, streams: [out: Readable, error: Readable], print: Print): Promise<ProgramEnd> {
  const outputs = [follow(streams[0], LogLevel.Info, print), follow(streams[1], LogLevel.Error, print)];
  const allRead = Promise.all(streams.map((stream) => new Promise((closed) => void stream.once("close", closed))));
  return new Promise((resolve) => {
    const over = (end: ProgramEnd) => {
      for (const output of outputs) output.end();
      resolve(end);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined)
        over({ how: `could not be started: ${error.code ?? error.message}${hint(error)}`, ran: false, code: 127 });
    });
    child.once("exit", (code, signal) => {
      const end = endOf(code, signal);
      const timer = setTimeout(() => over(end), DRAIN_MS);
      void allRead.then(() => {
        clearTimeout(timer);
        return over(end);
      });
    });
  });
}

function follow(stream: Readable, level: typeof LogLevel.Info | typeof LogLevel.Error, print: Print): ProgramOutput {
  const output = new ProgramOutput(level, print);
  stream.on("data", (chunk: Buffer) => output.take(chunk));
  stream.on("error", () => output.end());
  return output;
}

function endOf(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  if (signal === null) return { how: `ended with code ${code}`, ran: true, code: code ?? 1 };
  return { how: `was ended by ${signal}`, ran: true, code: 128 + (constants.signals[signal] ?? 0) };
}

function hint({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return ", which means that the file, or the interpreter or loader that it names, does not exist";
  if (code === "EACCES") return ", which means that the file is not executable";
  if (code === "ENOEXEC") return ", which means that the file is no program for this machine";
  return "";
}
