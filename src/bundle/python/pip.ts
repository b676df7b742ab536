/**
 * Runs Debian's pip, so that it fetches and unpacks wheels and does nothing else: it starts no program. So nothing of a package runs at a deploy, whatever the
 * app's files ask for. `--only-binary` alone would not do: it does not hold for folders, repositories and archives, and requirements.txt may take it back.
 */
import type { GuestPython } from "./guest-python.ts";

interface PipInstall {
  /** The app's folder. */
  root: string;
  /** An empty folder, in which pip keeps its temporary files as well: they are removed with it even if pip is killed. */
  folder: string;
  /** The folder in it for the packages. */
  target: string;
  /** Where pip keeps what it has fetched. */
  cache: string;
  /** pip's own words for what to install. */
  words: string[];
  signal: AbortSignal;
  /** Milliseconds. */
  limitMs?: number;
}

/** pip itself gives up soon where nothing comes, but never where a little comes again and again. The largest packages have gigabytes. */
const LIMIT_MS = 60 * 60_000;

/** What pip says where a program would have to run. It tolerates that where it only asks for the system's name. */
const REFUSED = "nothing of a package runs at a deploy";

const program = `
import runpy, sys

PROGRAMS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}

def refuse(event, _):
    if event in PROGRAMS:
        raise OSError("${REFUSED}")

sys.addaudithook(refuse)
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("pip", run_name="__main__", alter_sys=True)
`;

/** Resolves with why it failed, as a clause; undefined if it did not. */
export async function pipInstall(
  python: GuestPython,
  { root, folder, target, cache, words, signal, limitMs = LIMIT_MS }: PipInstall,
): Promise<string | undefined> {
  const options = ["--quiet", "--no-compile", "--only-binary", ":all:", "--target", target, "--cache-dir", cache];
  const { code, isLate, stderr } = await python.run(["-c", program, python.pip, "install", ...options, ...words], {
    cwd: root,
    env: { ...settings, TMPDIR: folder },
    signal,
    limitMs,
  });
  if (isLate) return late(limitMs);
  return code === 0 ? undefined : failure(stderr);
}

function late(limitMs: number): string {
  return `pip had not ended after ${limitMs / 60_000} minutes, and was killed: deploy again, since what was fetched as a whole is not fetched again; or name an index that is nearer by PIP_INDEX_URL, or fetch the wheels beforehand by pip download, and let requirements.txt name their folder by --find-links`;
}

/** Before the user's own. Some let pip install only where this does not: into the user's folder, or a virtual environment. */
const settings = {
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_ROOT_USER_ACTION: "ignore",
  PIP_NO_INPUT: "1",
  PIP_USER: "0",
  PIP_REQUIRE_VIRTUALENV: "0",
};

/** The last ones are the newest. */
const SHOWN_VERSIONS = 5;
/** In characters: some of pip's errors list every package. */
const MOST_SAID = 1_000;

/** What pip printed, as a clause. */
function failure(stderr: string): string {
  if (stderr.includes(REFUSED))
    return `it names what is no wheel, and would be fetched or built by a program: a folder, a repository (git+…), an archive of sources, or a package under --no-binary; ${REFUSED}: build a wheel of it by pip wheel, name the folder in which that lies by --find-links, and the package by its name alone`;
  const missing = /^ERROR: No matching distribution found for (.*?)(?: \(from .*)?$/m.exec(stderr)?.[1];
  if (missing === undefined) return others(stderr);
  const versions = /\(from versions: (.*?)\)/.exec(stderr)?.[1]?.split(", ") ?? [];
  // The innermost reason stands last: 'NewConnectionError('<…>: Failed to establish a new connection: [Errno 111] Connection refused')'.
  const broken = /after connection broken by (.*): \S+$/m
    .exec(stderr)?.[1]
    ?.replace(/['")]+$/, "")
    .split(": ")
    .at(-1);
  if (broken !== undefined && (versions.length === 0 || versions[0] === "none"))
    return `the index of packages cannot be reached for ${missing}: ${broken}; another one can be named by PIP_INDEX_URL, and wheels can lie in a folder that requirements.txt names by --find-links`;
  const found = versions.length === 0 || versions[0] === "none" ? "" : `; found were ${versions.slice(-SHOWN_VERSIONS).join(", ")}`;
  return `there is no wheel of ${missing} for the Python 3.11 of machines (Linux, x86-64)${found}: what has to be compiled cannot be installed, and a name or version may be wrong; wheels of your own can lie in a folder that requirements.txt names by --find-links`;
}

/** pip's errors, each with the indented lines below it, which have the names. */
function others(stderr: string): string {
  const errors = [...stderr.matchAll(/^ERROR: (.*(?:\n[ \t]+\S.*)*)/gm)].map(([, what = ""]) => what.replaceAll(/\s*\n\s*/g, " "));
  const said = errors.join("; ") || stderr.trim().split("\n").slice(-3).join(" | ");
  return said.length > MOST_SAID ? `${said.slice(0, MOST_SAID)}…` : said;
}
