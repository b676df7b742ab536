import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupMounts } from "../machines/host/cgroup/detect.ts";
import type { CgroupMount } from "../machines/host/cgroup/home.ts";
import type { Finding } from "./finding.ts";

const part = "control groups";
const cure =
  "Run as root, or in a service with Delegate=yes. Without them machines have no CPU limit, neither apps nor the server have a share of their own, and use is read from /proc.";

/** Checks whether machines can be put into groups with limits, of version 2 or else of version 1. */
export function checkCgroups(mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): Finding {
  const mounts = cgroupMounts(mountinfo);
  const unified = mounts.find(({ type, folder }) => type === "cgroup2" && hasControllers(folder));
  if (unified !== undefined) return verdict("version 2", [unified]);
  const needed = ["cpu", "cpuacct", "memory"].map((name) => mounts.find(({ controllers }) => controllers.includes(name)));
  if (needed.includes(undefined)) return { part, ok: false, detail: "no control groups with cpu and memory are mounted", cure };
  return verdict("version 1", needed as CgroupMount[]);
}

function hasControllers(folder: string): boolean {
  const present = readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
  return present.includes("cpu") && present.includes("memory");
}

function verdict(version: string, mounts: CgroupMount[]): Finding {
  const refused = mounts.find(({ folder }) => !writable(folder));
  if (refused === undefined) return { part, ok: true, detail: `${version}, writable` };
  return { part, ok: false, detail: `${version}, but ${refused.folder} is not writable`, cure };
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // That the system refuses is the answer to this check.
    return false;
  }
}
