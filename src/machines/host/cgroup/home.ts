import fs from "node:fs";

/** The place of machines' groups on this host. All folders end in "mayfly". */
export type CgroupHome =
  /** One folder for each controller, or for several that are mounted together. */
  | { kind: "v1"; cpu: string; cpuacct: string; memory: string; pids: string | undefined }
  | { kind: "v2"; folder: string }
  | { kind: "none"; reason: string };

export interface CgroupMount {
  type: "cgroup" | "cgroup2";
  folder: string;
  /** The group that is mounted there: "/", or another one where only a part of the tree is visible. */
  root: string;
  /** The controllers of a tree of version 1. */
  controllers: string[];
}

/** The folder may be there already and belong to another user. */
export function makeHome(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.accessSync(folder, fs.constants.W_OK);
}
