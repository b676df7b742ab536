import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

const options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"];
const environment = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1", LC_ALL: "C" };

export async function aptUpdate(): Promise<void> {
  await aptGet(["update"]);
}

/** Adds packages, and never removes one. */
export async function aptInstall(packages: string[]): Promise<void> {
  await aptGet(["install", "--no-install-recommends", "--no-remove", ...packages]);
}

async function aptGet(args: string[]): Promise<void> {
  const env = { ...process.env, ...environment };
  await run("apt-get", [...options, ...args], { env, maxBuffer: 64 << 20 }).catch((error: Error & { stderr?: string }) => {
    const said = (error.stderr ?? "").trim().split("\n").slice(-3).join(" | ");
    throw new Error(`apt-get ${args[0] ?? ""} failed: ${said || error.message}`, { cause: error });
  });
}
