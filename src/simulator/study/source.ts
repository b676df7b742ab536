/** Where a study's invocations come from, as plain data: a generated family, or recorded files. */
import type { Workload } from "../simulator.ts";
import { families, type FamilyName } from "../workloads/families.ts";

export interface Source {
  family: FamilyName;
  hours: number;
  apps: number;
}

export const familyNames = Object.keys(families) as FamilyName[];

/** A fresh one, at its beginning. */
export function openSource({ family, hours, apps }: Source, seed: number): Workload {
  return families[family](seed, hours, apps);
}

export function nameOf({ family }: Source): string {
  return family;
}

export function isSynthetic(_: Source): boolean {
  return true;
}

export function countApps({ apps }: Source): number {
  return apps;
}
