import { join } from "node:path";
import { fetchDebianPackage } from "./fetch-package.ts";

/** gVisor's runsc from Debian 13: static, so it runs on Debian 12, whose own is too old. Returns the binary's path. */
export async function fetchRunsc(cacheDir: string, progress?: (step: string) => void): Promise<string> {
  const found = await fetchDebianPackage({ suite: "trixie", name: "runsc", cacheDir, ...(progress && { progress }) });
  return join(found.dir, "usr/bin/runsc");
}
