import { rm } from "node:fs/promises";
import { MayflyError } from "../../base/errors/error.ts";
import { discardProgramRoot, fetchProgramRoot, hostCommand, type ProgramRootOptions } from "./program-root.ts";
import { isAsRecorded } from "./recorded.ts";

type Progress = (step: string) => void;

/**
 * gVisor's runsc from Debian 13. The binary is static, so it also runs on Debian 12, whose own version is too old. Returns the binary's
 * path; a damaged binary in the cache is fetched again.
 */
export async function fetchRunsc(cacheDir: string, progress?: Progress): Promise<string> {
  const options: ProgramRootOptions = { suite: "trixie", packages: ["runsc"], cacheDir, ...(progress && { progress }) };
  const { root, program } = await locate(options);
  const record = `${root}.sha256`;
  if (await isAsRecorded(program, record)) return program;
  progress?.("runsc in the cache is damaged: fetching it again");
  await discardProgramRoot(options, root);
  await rm(record, { force: true });
  const again = await locate(options);
  await isAsRecorded(again.program, record);
  return again.program;
}

async function locate(options: ProgramRootOptions): Promise<{ root: string; program: string }> {
  const root = await fetchProgramRoot(options);
  const [program, ...loaded] = await hostCommand(root, "/usr/bin/runsc");
  // runsc starts itself again through /proc/self/exe, which would be the loader if runsc were not static.
  if (loaded.length > 0) throw new MayflyError("image-build-failed", { what: "Debian's runsc is no longer a static program" });
  return { root, program };
}
