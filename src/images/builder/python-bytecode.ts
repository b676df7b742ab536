/**
 * Compiles a module's Python files, as Debian's own packages are compiled when they are installed. Machines cannot keep what they compile, because their root
 * is read-only: without this, each compiles the standard library anew that its code imports (a start of the agent for Python: 0.35 s of CPU, with it 0.11 s).
 *
 * The bytecode is used without a look at the source, whose time is another one in every image. The same sources give the same bytes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchProgramRoot, hostCommand, imageSuite } from "../debian/program-root.ts";
import { runProgram } from "../run-program.ts";
import { resolveInside } from "./inside.ts";
import type { RootDraft } from "./root-draft.ts";

/** Reads `[source, path in the image, bytecode]` of each file. A file that is not Python 3, such as a test of a converter, stays as it is. */
const program = `
import json, py_compile, sys
done = []
for source, shown, target in json.load(sys.stdin):
    try:
        py_compile.compile(source, cfile=target, dfile=shown, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        done.append(target)
    except (py_compile.PyCompileError, ValueError):
        pass
json.dump(done, sys.stdout)
`;

/** @param owner the module. Rejects with "image-build-failed" and what fetching Debian's Python rejects with. */
export async function layPythonBytecode(draft: RootDraft, folders: string[], owner: string, cacheDir: string): Promise<void> {
  const sources = draft.paths().filter((path) => path.endsWith(".py") && folders.some((folder) => path.startsWith(`${folder}/`)));
  if (sources.length === 0) return;
  const root = await fetchProgramRoot({ suite: imageSuite, packages: ["python3"], cacheDir });
  const [python, ...before] = await hostCommand(root, "/usr/bin/python3");
  const folder = await mkdtemp(join(tmpdir(), "mayfly-bytecode-"));
  try {
    const files: [from: string, path: string, pyc: string][] = [];
    for (const path of sources.toSorted()) {
      // A link leads to the image's own file. Followed from outside, an absolute one would lead to a file of the host.
      const inside = await resolveInside(draft.dir, path);
      if (inside !== undefined) files.push([join(draft.dir, inside), path, join(folder, `${files.length}.pyc`)]);
    }
    const made = await runProgram(python, [...before, "-P", "-s", "-B", "-W", "ignore", "-c", program], {
      name: "Python's compiler",
      bare: true,
      // Without its home, Python would take its library from the host, if that has one.
      env: { PYTHONHOME: join(root, "usr"), PYTHONHASHSEED: "0" },
      input: JSON.stringify(files),
    });
    const done = new Set(JSON.parse(made) as string[]);
    for (const [, path, pyc] of files) if (done.has(pyc)) await draft.file(placeOf(path), owner, { copy: pyc }, false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where Python 3.11 looks for the bytecode of a file. */
function placeOf(path: string): string {
  return path.replace(/([^/]+)\.py$/, "__pycache__/$1.cpython-311.pyc");
}
