/** Finds out which control groups this host has and lets Mayfly use. */
import fs from "node:fs";
import path from "node:path";

import { enableV2 } from "./delegate.ts";
import { type CgroupHome, type CgroupMount, makeHome } from "./home.ts";

let detected: CgroupHome | undefined;

/** The control groups of this host. They are looked up once, because they can't change while this process runs. */
export function hostHome(): CgroupHome {
  return (detected ??= detectCgroups());
}

/** @param proc the folder of /proc/self */
export function detectCgroups(proc = "/proc/self"): CgroupHome {
  const mounts = cgroupMounts(fs.readFileSync(path.join(proc, "mountinfo"), "utf8"));
  const unified = mounts.find((mount) => mount.type === "cgroup2");
  if (unified !== undefined && hasControllers(unified.folder)) return enableV2(unified, ownV2Path(proc));
  return detectV1(mounts);
}

/** @param mountinfo see proc_pid_mountinfo(5): id, parent, device, root, mount point, options, …, "-", type, source, super options */
export function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    const [, , , root, folder] = left?.split(" ") ?? [];
    const [type, , options] = right?.split(" ") ?? [];
    if ((type !== "cgroup" && type !== "cgroup2") || root === undefined || folder === undefined) return [];
    return [{ type, folder: unescape(folder), root: unescape(root), controllers: options?.split(",") ?? [] }];
  });
}

function detectV1(mounts: CgroupMount[]): CgroupHome {
  const of = (controller: string) => {
    const mount = mounts.find((mount) => mount.type === "cgroup" && mount.controllers.includes(controller));
    return mount === undefined ? undefined : path.join(mount.folder, "mayfly");
  };
  const [cpu, cpuacct, memory, pids] = [of("cpu"), of("cpuacct"), of("memory"), of("pids")];
  if (cpu === undefined || cpuacct === undefined || memory === undefined) {
    return { kind: "none", reason: "no control groups with cpu and memory are mounted" };
  }
  try {
    for (const folder of [cpu, cpuacct, memory, ...(pids === undefined ? [] : [pids])]) makeHome(folder);
  } catch (error) {
    return { kind: "none", reason: `control groups may not be made here (${(error as Error).message})` };
  }
  return { kind: "v1", cpu, cpuacct, memory, pids };
}

/** Where version 1 owns the controllers, the unified tree is mounted as well, but has no controllers. */
function hasControllers(folder: string): boolean {
  const controllers = fs.readFileSync(path.join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
  return controllers.includes("cpu") && controllers.includes("memory");
}

function ownV2Path(proc: string): string {
  return /^0::(.*)$/m.exec(fs.readFileSync(path.join(proc, "cgroup"), "utf8"))?.[1] ?? "/";
}

/** The folder of the group whose share of CPU time this process has now. Undefined where the visible part of the tree does not contain it. */
export function ownCpuFolder(kind: "v1" | "v2", proc = "/proc/self"): string | undefined {
  const mounts = cgroupMounts(fs.readFileSync(path.join(proc, "mountinfo"), "utf8"));
  const mount = mounts.find(({ type, controllers }) =>
    kind === "v2" ? type === "cgroup2" : type === "cgroup" && controllers.includes("cpu"),
  );
  const own = kind === "v2" ? ownV2Path(proc) : ownV1Path(proc);
  if (mount === undefined || own === undefined) return undefined;
  const below = path.relative(mount.root, own);
  return below.startsWith("..") ? undefined : path.join(mount.folder, below);
}

function ownV1Path(proc: string): string | undefined {
  return /^\d+:(?:[^:\n]*,)?cpu(?:,[^:\n]*)?:(.*)$/m.exec(fs.readFileSync(path.join(proc, "cgroup"), "utf8"))?.[1];
}

/** Spaces and similar characters are written in octal in mountinfo. */
function unescape(field: string): string {
  return field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
