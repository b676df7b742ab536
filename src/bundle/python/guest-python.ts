/** The Python that machines have, run on this host for a deploy: a host need not have any. */
import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../../images/debian/program-root.ts";
import { moveUnlessThere, withDraftFolder } from "../../images/draft-folder.ts";
import type { Surroundings } from "../app-folder.ts";
import { type LimitedRun, type ProgramResult, runLimited } from "../run-limited.ts";

interface PythonRun extends Pick<LimitedRun, "input" | "limitMs" | "signal"> {
  cwd: string;
  /** Added to the user's environment, in which pip finds its settings. */
  env?: Record<string, string>;
}

export interface GuestPython {
  /** Nothing of the folder in which it runs, and no setting of the user's own Python, has a part in what it does. */
  run(args: string[], options: PythonRun): Promise<ProgramResult>;
  /** Runs a program of Mayfly's that only looks at files: in the Python that stays between bundles, if there is one. */
  look(program: string, args: string[], options: Pick<PythonRun, "cwd" | "input">): Promise<ProgramResult>;
  /** A folder in which Python finds the module pip. */
  pip: string;
}

/** Rejects with "missing-part" or "image-build-failed". */
export async function guestPython({ cacheDir, progress, python: resident }: Surroundings): Promise<GuestPython> {
  const root = await fetchProgramRoot({
    suite: imageSuite,
    packages: ["python3", "python3-pip-whl", "ca-certificates"],
    cacheDir,
    progress,
  });
  const [program, ...before] = await hostCommand(root, "/usr/bin/python3");
  const own = { PYTHONHOME: join(root, "usr"), PYTHONNOUSERSITE: "1", PYTHONUTF8: "1" };
  // Without -P, a types.py or json.py of the app's folder would stand in for the module of that name.
  const python = (args: string[], options: PythonRun) => run(program, [...before, "-P", ...args], own, options);
  const look: GuestPython["look"] = async (text, args, options) => {
    const anew = () => python(["-W", "ignore", "-c", text, ...args], options);
    if (resident === undefined) return anew();
    const asked = { program: text, args, cwd: options.cwd, input: options.input ?? "" };
    // Code that ends Python is looked at once more, in one that says how it ended.
    return resident.run([program, ...before, "-P"], { ...environment(), ...own }, asked).catch(anew);
  };
  return { run: python, look, pip: await unpackPip(root, python) };
}

/**
 * Python could run pip from its wheel, but would compile it anew each time: its start takes 1.4 s of CPU then, and 0.3 s from a folder, where Python keeps
 * what it has compiled. The folder is in the root, and so belongs to these versions of the packages.
 */
async function unpackPip(root: string, python: GuestPython["run"]): Promise<string> {
  const wheels = join(root, "usr/share/python-wheels");
  const folder = join(wheels, "pip");
  if (existsSync(folder)) return folder;
  const [wheel] = await Array.fromAsync(glob("pip-*.whl", { cwd: wheels }));
  if (wheel === undefined) throw noPip("has no wheel of pip");
  await withDraftFolder(wheels, async (draft) => {
    const { code, stderr } = await python(["-m", "zipfile", "-e", join(wheels, wheel), join(draft, "pip")], { cwd: draft });
    if (code !== 0) throw noPip(`has a wheel that cannot be unpacked: ${stderr.trim().split("\n").at(-1)}`);
    await moveUnlessThere(join(draft, "pip"), folder);
  });
  return folder;
}

function noPip(what: string): MayflyError {
  return new MayflyError("image-build-failed", { what: `Debian's package python3-pip-whl ${what}` });
}

async function run(program: string, args: string[], own: Record<string, string>, { env, ...options }: PythonRun): Promise<ProgramResult> {
  const result = await runLimited(program, args, { ...options, env: { ...environment(), ...own, ...env } });
  return result.endedBy === null ? result : { ...result, stderr: `${result.stderr}It was ended by ${result.endedBy}.` };
}

/** That of the user, without what is meant for the user's own Python: PYTHONPYCACHEPREFIX alone would take the bytecode elsewhere. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));
}
