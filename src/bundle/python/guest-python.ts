/** The Python that machines have, run on this host for a deploy: a host need not have any. */
import { execFile } from "node:child_process";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../../images/debian/program-root.ts";
import type { Surroundings } from "../app-folder.ts";

interface PythonRun {
  cwd: string;
  /** Added to the user's environment, in which pip finds its settings. */
  env?: Record<string, string>;
  input?: string;
  /** Kills it. The result's code is not 0 then. */
  signal?: AbortSignal;
}

interface PythonResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface GuestPython {
  /** Nothing of the folder in which it runs, and no setting of the user's own Python, has a part in what it does. */
  run(args: string[], options: PythonRun): Promise<PythonResult>;
  /** The path of pip's wheel, in which Python finds the module pip. */
  pip: string;
}

/** Rejects with "missing-part" or "image-build-failed". */
export async function guestPython({ cacheDir, progress }: Surroundings): Promise<GuestPython> {
  const root = await fetchProgramRoot({
    suite: imageSuite,
    packages: ["python3", "python3-pip-whl", "ca-certificates"],
    cacheDir,
    progress,
  });
  const [program, ...before] = await hostCommand(root, "/usr/bin/python3");
  const own = { PYTHONHOME: join(root, "usr"), PYTHONDONTWRITEBYTECODE: "1", PYTHONNOUSERSITE: "1", PYTHONUTF8: "1" };
  // Without -P, a types.py or json.py of the app's folder would stand in for the module of that name.
  return { run: (args, options) => run(program, [...before, "-P", ...args], own, options), pip: await pipOf(root) };
}

async function pipOf(root: string): Promise<string> {
  for await (const name of glob("usr/share/python-wheels/pip-*.whl", { cwd: root })) return join(root, name);
  throw new MayflyError("image-build-failed", { what: "Debian's package python3-pip-whl has no wheel of pip" });
}

function run(
  program: string,
  args: string[],
  own: Record<string, string>,
  { cwd, env, input = "", signal }: PythonRun,
): Promise<PythonResult> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...environment(), ...own, ...env }, maxBuffer: 64 << 20 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (child.signalCode !== null) resolve({ code: 1, stdout, stderr: `${stderr}It was ended by ${child.signalCode}.` });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
    signal?.addEventListener("abort", () => child.kill("SIGKILL"));
    // A program that does not read to the end is told of by its exit code.
    child.stdin?.on("error", () => {}).end(input);
  });
}

/** That of the user, without what is meant for the user's own Python: PYTHONPYCACHEPREFIX alone would take the bytecode elsewhere. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));
}
