/** The pinned Node, and the libraries against which it is linked. */
import { stat } from "node:fs/promises";
import { nodePath } from "../../../guest-layout.ts";
import { nodeBinary, nodeVersion } from "../../../project.ts";
import type { ModuleSource } from "../../module.ts";

const LIBRARIES = "lib/x86_64-linux-gnu";
/** The rest of glibc that prebuilt add-ons are linked against, such as those of sharp. Node itself does without. */
const forAddons = ["libresolv.so.2", "librt.so.1", "libutil.so.1"];

export default async function node(): Promise<ModuleSource> {
  const version = await nodeVersion();
  return {
    name: "node",
    description: "Node.js",
    version,
    requires: ["base"],
    sources: ["libatomic1", "libc6", "libgcc-s1", "libstdc++6"],
    programs: [{ from: nodeBinary, to: nodePath, identity: `node ${version}, ${(await stat(nodeBinary)).size} bytes` }],
    files: forAddons.map((name) => ({ from: `debian:libc6/${LIBRARIES}/${name}`, to: `/${LIBRARIES}/${name}` })),
    env: { NODE_ENV: "production" },
    run: { command: [nodePath, "--version"] },
    tests: [
      { name: "Node has the version that was built in", command: [nodePath, "--version"], prints: `^v${version.replaceAll(".", "\\.")}$` },
      {
        name: "Node computes a digest",
        command: [nodePath, "-p", "crypto.hash('sha1', 'x')"],
        prints: "^11f6ad8ec52a2984abaafd7c3b516503785c2072$",
      },
    ],
  };
}
