/** Everything that an image is made from, and a key that changes when any of it does. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { bundleAgent } from "./agent-bundle.ts";
import { type DebianPackage, fetchDebianPackages } from "./debian/fetch-package.ts";
import { nodeBinary, nodeVersion } from "./project.ts";

const kernelPackage = "linux-image-cloud-amd64/meta";
const packageNames = [kernelPackage, "busybox-static", "ca-certificates", "libatomic1", "libc6", "libgcc-s1", "libstdc++6"];

export interface Inputs {
  /** By the name that they were asked for; the kernel's is `kernelPackage`. */
  packages: Record<string, DebianPackage>;
  kernelPackage: DebianPackage;
  nodeVersion: string;
  nodeSize: number;
  agent: Buffer;
  /** Of the code that builds images. */
  builderHash: string;
}

export interface InputOptions {
  cacheDir: string;
  /** Take newer Debian packages than the cached ones, if there are any. */
  refresh?: boolean;
  /** Another agent than src/guest/main.ts: its source file. */
  agentEntry?: string;
  progress: (step: string) => void;
}

export async function collectInputs({ agentEntry, ...options }: InputOptions): Promise<Inputs> {
  // First: it fails at once where the sources are wrong.
  const agent = await bundleAgent(agentEntry);
  const fetched = await fetchDebianPackages({ ...options, suite: "bookworm", names: packageNames });
  const packages = Object.fromEntries(fetched.map((found, index) => [packageNames[index]!, found]));
  return {
    packages,
    kernelPackage: packages[kernelPackage]!,
    nodeVersion: await nodeVersion(),
    nodeSize: (await stat(nodeBinary)).size,
    agent,
    builderHash: await hashOfBuilder(),
  };
}

/** sha256 in hex. The same key means the same image; another key may still give the same image. */
export function inputKey(inputs: Inputs): string {
  const lines = [
    ...packageLines(inputs),
    `node ${inputs.nodeVersion} ${inputs.nodeSize}`,
    `agent ${sha256(inputs.agent)}`,
    `builder ${inputs.builderHash}`,
  ];
  return sha256(lines.join("\n"));
}

/** "name version", sorted. */
export function packageLines({ packages }: Inputs): string[] {
  return Object.values(packages)
    .map(({ name, version }) => `${name} ${version}`)
    .toSorted();
}

async function hashOfBuilder(): Promise<string> {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).toSorted();
  const sources = await Promise.all(names.map((name) => readFile(join(import.meta.dirname, name))));
  return sha256(Buffer.concat(sources));
}

function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}
