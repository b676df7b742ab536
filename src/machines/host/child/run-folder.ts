/**
 * A folder for each machine that is a process of the host, with a note of that process, so that a later server can end and remove what a killed server
 * left. Layout: <runDir>/<driver>/<server's pid>-<its start time>/<machine id>/.
 */
import fs from "node:fs";
import path from "node:path";

import { unmount } from "../../../base/libc/libc.ts";
import { ownerLives, ownerName } from "../cgroup/owner.ts";
import { numbers, processStartTime } from "../cgroup/proc.ts";
import { signalGroup } from "./signals.ts";

export interface RunFolder {
  readonly folder: string;
  /** Notes the machine's process, which leads its own process group. */
  note(pid: number): void;
  remove(): void;
}

const NOTE = ".process";

export function createRunFolder(runDir: string, driver: string, id: string): RunFolder {
  const folder = path.join(runDir, driver, ownerName, id);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    folder,
    note: (pid) => fs.writeFileSync(path.join(folder, NOTE), `${pid} ${processStartTime(pid) ?? 0}\n`),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** Ends the processes and removes the folders of servers that no longer run. */
export function sweepRunFolders(runDir: string, driver: string): void {
  const folder = path.join(runDir, driver);
  if (!fs.existsSync(folder)) return;
  for (const owner of fs.readdirSync(folder).filter((name) => ownerLives(name) === false)) {
    for (const id of fs.readdirSync(path.join(folder, owner))) endNoted(path.join(folder, owner, id, NOTE));
    unmountBelow(path.join(folder, owner));
    fs.rmSync(path.join(folder, owner), { recursive: true, force: true });
  }
}

/** Removes this server's own folder, which must hold no machine any more, and the driver's, unless another server has its own there. */
export function closeRunFolder(runDir: string, driver: string): void {
  fs.rmSync(path.join(runDir, driver, ownerName), { recursive: true, force: true });
  try {
    fs.rmdirSync(path.join(runDir, driver));
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** What a killed server had mounted is not the machines' own, and must not be removed with their folders. */
function unmountBelow(folder: string): void {
  const within = fs.realpathSync(folder) + path.sep;
  const mounts = fs.readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const places = mounts.map((line) =>
    (line.split(" ")[4] ?? "").replaceAll(/\\([0-7]{3})/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
  );
  // Later mounts may lie within earlier ones.
  for (const place of places.filter((each) => each.startsWith(within)).toReversed()) unmount(place);
}

function endNoted(note: string): void {
  if (!fs.existsSync(note)) return; // killed between making the folder and the process
  const [pid, started] = numbers(fs.readFileSync(note, "utf8"));
  if (pid !== undefined && processStartTime(pid) === String(started)) signalGroup(pid, "SIGKILL");
}
