/** Compiles Go with Debian's compiler, which runs from the cache folder: the host needs none. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchDebianPackage } from "../../../images/debian/fetch-package.ts";
import { imageSuite } from "../../../images/debian/program-root.ts";

/**
 * Returns the program, which may import the standard library, whose packages Debian has compiled.
 *
 * @param folder for what is made on the way
 */
export async function compileGo(source: string, folder: string, cacheDir: string): Promise<Buffer> {
  const { dir } = await fetchDebianPackage({ suite: imageSuite, name: "golang-1.19-go", cacheDir });
  const packages = join(dir, "usr/lib/go-1.19/pkg/linux_amd64");
  // Not in this thread, in which a platform may be serving other tests.
  const tool = (name: string, args: string[]) => promisify(execFile)(join(dir, "usr/lib/go-1.19/pkg/tool/linux_amd64", name), args);
  const [compiled, made] = [join(folder, "program.a"), join(folder, "program")];
  await tool("compile", ["-p", "main", "-complete", "-pack", "-I", packages, "-o", compiled, source]);
  await tool("link", ["-s", "-w", "-L", packages, "-o", made, compiled]);
  return readFile(made);
}
