import { chmod, constants, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { MayflyError } from "../errors/error.ts";
import { certificateBundle, etcFiles } from "./etc-files.ts";
import { agentPath, channelMountPoint, nodePath } from "./guest-layout.ts";
import type { Inputs } from "./inputs.ts";
import { nodeBinary } from "./project.ts";

const libraryFolder = "/lib/x86_64-linux-gnu";
const loader = "ld-linux-x86-64.so.2";

/** What Node is linked against (`ldd node`), and the Debian package of each. */
const libraries: Record<string, string> = {
  [loader]: "libc6",
  "libatomic.so.1": "libatomic1",
  "libc.so.6": "libc6",
  "libdl.so.2": "libc6",
  "libgcc_s.so.1": "libgcc-s1",
  "libm.so.6": "libc6",
  "libpthread.so.0": "libc6",
  "libstdc++.so.6": "libstdc++6",
};

const mountPoints = ["/dev", "/proc", "/run", "/sys", "/tmp", channelMountPoint];

/** Lays out the machine's root in a new folder: Node, its libraries, /etc, the agent, mount points. */
export async function makeRootTree(root: string, inputs: Inputs): Promise<void> {
  for (const path of ["/", ...mountPoints]) await makeFolder(root, path);
  await put(root, nodePath, (to) => copyFile(nodeBinary, to, constants.COPYFILE_FICLONE), 0o555);
  for (const [name, from] of Object.entries(libraries)) {
    await put(root, `${libraryFolder}/${name}`, (to) => copyFile(libraryPath(inputs.packages[from]!.dir, name), to), 0o555);
  }
  await link(root, `/lib64/${loader}`, `..${libraryFolder}/${loader}`);
  await link(root, "/var/tmp", "../tmp");
  for (const [name, text] of Object.entries(etcFiles)) await putText(root, `/etc/${name}`, text);
  await putText(root, "/etc/ssl/certs/ca-certificates.crt", await certificateBundle(inputs.packages["ca-certificates"]!.dir));
  await putText(root, agentPath, inputs.agent);
}

function libraryPath(packageDir: string, name: string): string {
  const found = [`lib/x86_64-linux-gnu/${name}`, `usr/lib/x86_64-linux-gnu/${name}`].map((path) => join(packageDir, path)).find(existsSync);
  if (found === undefined) throw new MayflyError("image-build-failed", { what: `there is no ${name} in ${packageDir}` });
  return found;
}

async function putText(root: string, path: string, data: string | Buffer): Promise<void> {
  await put(root, path, (to) => writeFile(to, data), 0o444);
}

/** Modes are set by name: they must not depend on the builder's umask. */
async function put(root: string, path: string, write: (to: string) => Promise<void>, mode: number): Promise<void> {
  await makeFolder(root, dirname(path));
  await write(join(root, path));
  await chmod(join(root, path), mode);
}

async function link(root: string, path: string, target: string): Promise<void> {
  await makeFolder(root, dirname(path));
  await symlink(target, join(root, path));
}

async function makeFolder(root: string, path: string): Promise<void> {
  if (path !== "/") await makeFolder(root, dirname(path));
  const folder = join(root, path);
  if (existsSync(folder)) return;
  await mkdir(folder);
  await chmod(folder, 0o755);
}
