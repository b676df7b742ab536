/** The folder that runsc is told to run: an OCI bundle (github.com/opencontainers/runtime-spec, config.md). */
import fs from "node:fs";
import path from "node:path";

import { agentOf, usualRuntime } from "../../base/kind/machine-kind.ts";
import { filesPath, isolatedStart, taskRootPath } from "../../images/guest-layout.ts";
import type { Image } from "../../images/image.ts";
import { heapOf } from "../host/child/heap-of-runtime.ts";
import type { MachineSpec } from "../driver.ts";

/** The user "nobody" in the sandbox, because the agent needs no rights there. */
const GUEST_USER = 65_534;
/** What sets up the network in the sandbox, and becomes the agent without any of it. */
const SETUP_RIGHTS = ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID"];

/** @param shown a folder of the host's, in which an app's files may be mounted later; see shown-files.ts @param second the descriptor of a second channel, for the inspector */
export function writeBundle(folder: string, image: Image, spec: MachineSpec, shown?: string, second?: number): void {
  fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify(ociConfig(image, spec, shown, second)));
}

function ociConfig(image: Image, spec: MachineSpec, shown: string | undefined, second: number | undefined): object {
  const { runtime = usualRuntime, memoryMb } = spec;
  const agent = agentOf(runtime);
  const { command, environment } = isolatedStart(agent, heapOf(agent, memoryMb), GUEST_USER);
  const env = { ...environment, MAYFLY_CHANNEL: "fd:3", ...(second !== undefined && { MAYFLY_INSPECT: `fd:${second}` }) };
  return {
    ociVersion: "1.0.2",
    hostname: spec.id,
    root: { path: image.rootTree, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc" },
      ...["/tmp", taskRootPath].map((destination) => ({
        destination,
        type: "tmpfs",
        options: ["mode=1777", `size=${Math.floor(memoryMb / 2)}m`],
      })),
      ...(shown === undefined ? [] : [shownMount(shown)]),
    ],
    process: {
      args: command,
      // Java stays where it is started.
      cwd: agent === "java" ? taskRootPath : "/tmp",
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      noNewPrivileges: true,
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: SETUP_RIGHTS, effective: SETUP_RIGHTS, permitted: SETUP_RIGHTS },
    },
    linux: { namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })) },
  };
}

/** What is mounted in the host's folder later is to be seen here. */
function shownMount(source: string): object {
  return { destination: path.dirname(filesPath), type: "bind", source, options: ["rbind", "rslave", "ro", "nosuid", "nodev"] };
}
