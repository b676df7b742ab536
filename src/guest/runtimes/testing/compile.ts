/** Compiles C with Debian's tcc, which runs from the cache folder: the host needs no compiler. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../base/config/load.ts";
import { fetchProgramRoot, hostCommand } from "../../../images/debian/program-root.ts";

/** Returns the program, which is linked to libc dynamically. */
export async function compile(source: string): Promise<Buffer> {
  const { cacheDir } = loadConfig({});
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["tcc", "libc6-dev"], cacheDir });
  const [tcc, ...args] = await hostCommand(root, "/usr/bin/tcc");
  const folder = mkdtempSync(join(tmpdir(), "mayfly-tcc-"));
  const include = join(root, "usr/include");
  const lib = join(root, "usr/lib/x86_64-linux-gnu");
  const own = join(lib, "tcc");
  const headers = [join(own, "include"), include, join(include, "x86_64-linux-gnu")].map((each) => `-I${each}`);
  const objects = [join(lib, "crt1.o"), join(lib, "crti.o"), source, join(lib, "libc.so.6"), join(own, "libtcc1.a"), join(lib, "crtn.o")];
  try {
    const program = join(folder, "program");
    execFileSync(tcc, [...args, "-nostdinc", "-nostdlib", `-B${own}`, ...headers, "-D_GNU_SOURCE", "-o", program, ...objects]);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
