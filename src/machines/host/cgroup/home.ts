import fs from "node:fs";

/** Where machines' groups go. Folders end in "mayfly". */
export type CgroupHome =
  /** One folder a controller, without repetition where two are mounted together. */
  | { kind: "v1"; cpu: string; cpuacct: string; memory: string; pids: string | undefined }
  | { kind: "v2"; folder: string }
  | { kind: "none"; reason: string };

export interface CgroupMount {
  type: "cgroup" | "cgroup2";
  folder: string;
  /** The group that is mounted there: "/" unless only a part of the tree is visible. */
  root: string;
  /** v1: its controllers. */
  controllers: string[];
}

/** It may be there already, as another user's. */
export function makeHome(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.accessSync(folder, fs.constants.W_OK);
}
