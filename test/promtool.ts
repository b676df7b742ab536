/** Prometheus's own checker, from Debian's package, which is unpacked into the cache and not installed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { loadConfig } from "../src/base/config/load.ts";
import { fetchPackageSet } from "../src/images/debian/fetch-package.ts";

/** Resolves with what it says, which is nothing if all is well, and its exit code. */
export async function promtool(args: string[], input = ""): Promise<{ code: number; said: string }> {
  const { cacheDir } = loadConfig({});
  const { single } = await fetchPackageSet({ suite: "bookworm", closures: [], single: ["prometheus"] }, { cacheDir });
  const child = spawn(join(single["prometheus"]!.dir, "usr/bin/promtool"), args);
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, "close")) as [number];
  return { code, said: (await said).join("") };
}
