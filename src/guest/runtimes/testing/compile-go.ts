/** Compiles Go with Debian's compiler, which runs from the cache folder: the host needs none. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
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
  const tool = (name: string, args: string[]) => execFileSync(join(dir, "usr/lib/go-1.19/pkg/tool/linux_amd64", name), args);
  const [compiled, made] = [join(folder, "program.a"), join(folder, "program")];
  tool("compile", ["-p", "main", "-complete", "-pack", "-I", packages, "-o", compiled, source]);
  tool("link", ["-s", "-w", "-L", packages, "-o", made, compiled]);
  return readFileSync(made);
}
