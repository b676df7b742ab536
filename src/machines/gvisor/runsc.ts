/** How runsc is called, and the trial that tells whether it works on this host. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const TRIAL_MS = 10_000;

export const runscEnvironment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/**
 * The platform systrap needs no KVM. The guest has no network, and of the host's files only its read-only root, without sockets or pipes in it and with
 * nothing laid over it. Raw sockets are for the program that sets up the sandbox's loopback. runsc makes no control groups: it and all that it starts are put into the machine's group.
 * @param folder for runsc's own state
 */
function runscFlags(folder: string): string[] {
  const state = path.join(folder, "state");
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  const confined = ["--network=none", "--host-uds=none", "--overlay2=none", "--ignore-cgroups"];
  return [...rootless, "--root", state, "--platform=systrap", ...confined, "--net-raw"];
}

/** Of the guest. On 4 it has the listener for programs' connections. */
export const SECOND_CHANNEL = 5;

/** Descriptor 3 of runsc, the channel, becomes descriptor 3 of the guest. @param second whether runsc has a second channel, on descriptor 4 */
export function runArguments(folder: string, id: string, second: boolean): string[] {
  const channels = ["--pass-fd", "3:3", ...(second ? ["--pass-fd", `4:${SECOND_CHANNEL}`] : [])];
  return [...runscFlags(folder), "run", "--bundle", folder, ...channels, id];
}

/** Runs `true` in a sandbox. Rejects with what runsc printed. */
export async function trySandbox(runsc: string, folder: string): Promise<void> {
  const options = { env: runscEnvironment, timeout: TRIAL_MS, killSignal: "SIGKILL" } as const;
  await run(runsc, [...runscFlags(folder), "do", "/bin/true"], options).catch((error: Error & { stderr?: string; killed?: boolean }) => {
    const said = error.stderr?.trim().split("\n").at(-1);
    throw new Error(error.killed === true ? `a sandbox did not end within ${TRIAL_MS} ms` : said || error.message, { cause: error });
  });
}

export async function runscVersion(runsc: string): Promise<string> {
  const { stdout } = await run(runsc, ["--version"], { env: runscEnvironment, timeout: TRIAL_MS });
  return /runsc version (\S+)/.exec(stdout)?.[1] ?? "of unknown version";
}
