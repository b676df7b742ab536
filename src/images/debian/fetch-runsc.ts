import { fetchProgramRoot, hostCommand } from "./program-root.ts";
import { MayflyError } from "../../errors/error.ts";

/** gVisor's runsc from Debian 13: static, so it runs on Debian 12, whose own is too old. Returns the binary's path. */
export async function fetchRunsc(cacheDir: string, progress?: (step: string) => void): Promise<string> {
  const root = await fetchProgramRoot({ suite: "trixie", packages: ["runsc"], cacheDir, ...(progress && { progress }) });
  const [program, ...loaded] = await hostCommand(root, "/usr/bin/runsc");
  // It starts itself anew by /proc/self/exe, which would be the loader.
  if (loaded.length > 0) throw new MayflyError("image-build-failed", { what: "Debian's runsc is no static program any more" });
  return program;
}
