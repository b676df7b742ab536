import { execFile } from "node:child_process";
import { MayflyError } from "../base/errors/error.ts";

/** The Debian package of each program that Mayfly calls, for the error when the program is missing. */
const packageOf: Record<string, string> = {
  "mkfs.erofs": "erofs-utils",
  "apt-get": "apt",
  "apt-cache": "apt",
  flock: "util-linux",
  npm: "npm",
  setpriv: "util-linux",
  "qemu-img": "qemu-utils",
  mke2fs: "e2fsprogs",
  tar: "tar",
};

export interface RunOptions {
  cwd?: string;
  /** The name for the error; default: the program and its first argument. */
  name?: string;
  /** Variables added to this process's environment. */
  env?: Record<string, string>;
  /** If set, nothing of this process's environment is passed on. */
  bare?: boolean;
  /** What it reads on its standard input; nothing where absent. */
  input?: string;
  /** Called at once with the process id. */
  started?: (pid: number) => void;
}

/**
 * Runs a program until it ends, and resolves with its standard output. Rejects with "missing-part" if the program does not exist, otherwise
 * with "image-build-failed" and the last lines of its output.
 */
export function runProgram(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const ours = { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin` };
  const env = options.bare === true ? options.env : { ...ours, ...options.env };
  const { name = `${program} ${args[0] ?? ""}`, cwd } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(missing(program, error));
      else reject(failure(name, error, `${stderr}${stdout}`));
    });
    if (child.pid !== undefined) options.started?.(child.pid);
    // A program that does not read to the end is told of by its exit code.
    child.stdin?.on("error", () => {}).end(options.input ?? "");
  });
}

function failure(name: string, error: Error, output: string): MayflyError {
  const tail = output.trim().split("\n").slice(-4).join(" | ");
  return new MayflyError("image-build-failed", { what: `${name} failed: ${tail || error.message}` }, error);
}

function missing(program: string, cause: Error): MayflyError {
  const part = packageOf[program] ?? program;
  const cure = `Install it as root: apt-get install --no-install-recommends ${part}`;
  return new MayflyError("missing-part", { part, reason: `there is no program ${program}`, cure }, cause);
}
