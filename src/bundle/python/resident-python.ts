/**
 * A Python that stays between the bundles of an app: most of what it takes to look at an app's code is the start of Python. It runs Mayfly's own programs; nothing of an app runs in
 * it.
 *
 * Owns: a process of Python, from the first program until close(). Programs are run one after the other. A process that ends is replaced by the next one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { guarded } from "../../base/errors/guarded.ts";
import type { ProgramResult } from "../run-limited.ts";

/** What a program is given. */
export interface ResidentRun {
  program: string;
  /** sys.argv, after the first. */
  args: string[];
  cwd: string;
  input: string;
}

/**
 * Each line is a program, as JSON. The reply is the exit code and the number of bytes of the two texts, 4 bytes each, and the texts. What a program has put into sys.path is not there for the
 * next one.
 */
const resident = `
import ast, io, json, os, re, struct, sys, tomllib, traceback

source, sink = sys.stdin.buffer, sys.stdout.buffer
path = list(sys.path)

def run(asked):
    out, err = io.StringIO(), io.StringIO()
    os.chdir(asked["cwd"])
    sys.argv, sys.path[:] = ["-c", *asked["args"]], path
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(asked["input"]), out, err
    code = 0
    try:
        exec(compile(asked["program"], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=err)
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc(file=err)
        code = 1
    return code, out.getvalue().encode(errors="replace"), err.getvalue().encode(errors="replace")

for line in source:
    code, out, err = run(json.loads(line))
    sink.write(struct.pack(">iii", code, len(out), len(err)) + out + err)
    sink.flush()
`;

const HEAD_BYTES = 12;
/** A program that takes longer is ended with its process. Milliseconds. */
const LIMIT_MS = 60_000;

export class ResidentPython {
  #child: ChildProcess | undefined;
  #read: Buffer = Buffer.alloc(0);
  readonly #waiting: PromiseWithResolvers<ProgramResult>[] = [];

  /** @param python the command that runs Python, with its flags. Rejects if the process ends. */
  async run(python: [string, ...string[]], env: NodeJS.ProcessEnv, asked: ResidentRun): Promise<ProgramResult> {
    const child = (this.#child ??= this.#start(python, env));
    const waiting = Promise.withResolvers<ProgramResult>();
    this.#waiting.push(waiting);
    child.stdin!.write(`${JSON.stringify(asked)}\n`);
    // Its end rejects what waits.
    // oxlint-disable-next-line mayfly/guarded-listeners
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    return waiting.promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#child?.kill("SIGKILL");
  }

  #start([command, ...before]: [string, ...string[]], env: NodeJS.ProcessEnv): ChildProcess {
    // A terminal's Ctrl-C does not reach it: Mayfly ends it, and it ends itself when its standard input does.
    const child = spawn(command, [...before, "-W", "ignore", "-c", resident], { stdio: ["pipe", "pipe", "ignore"], env, detached: true });
    const failed = (error: unknown) => this.#ended(child, error);
    child.on("error", guarded(failed, failed));
    child.on(
      "exit",
      guarded(() => this.#ended(child, new Error("Python has ended")), failed),
    );
    child.stdin.on("error", guarded(failed, failed));
    child.stdout.on(
      "data",
      guarded((chunk: Buffer) => this.#take(child, chunk), failed),
    );
    return child;
  }

  #take(child: ChildProcess, chunk: Buffer): void {
    if (this.#child !== child) return;
    this.#read = Buffer.concat([this.#read, chunk]);
    while (this.#read.length >= HEAD_BYTES) {
      const [code, out, err] = [0, 4, 8].map((at) => this.#read.readInt32BE(at)) as [number, number, number];
      const end = HEAD_BYTES + out + err;
      if (this.#read.length < end) return;
      const [stdout, stderr] = [
        this.#read.toString("utf8", HEAD_BYTES, HEAD_BYTES + out),
        this.#read.toString("utf8", HEAD_BYTES + out, end),
      ];
      this.#read = this.#read.subarray(end);
      this.#waiting.shift()?.resolve({ code, endedBy: null, isLate: false, stdout, stderr });
    }
  }

  #ended(child: ChildProcess, why: unknown): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#read = Buffer.alloc(0);
    for (const { reject } of this.#waiting.splice(0)) reject(why);
  }
}
