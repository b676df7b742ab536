/** The agent of Node as machines have it: one file, which starts in a fraction of the time of its hundred source files. */
import { cacheFolder } from "../../base/config/load.ts";
import { ensureAgent } from "../../images/agent-bundle.ts";

let bundled: Promise<string> | undefined;

/** Its path in the cache folder. It is bundled once a process, from the sources as they are. */
export function agentFile(): Promise<string> {
  return (bundled ??= ensureAgent(cacheFolder()));
}
