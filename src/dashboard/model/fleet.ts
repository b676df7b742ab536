/** How the fleet is put into groups. Pure. */
import { age, bytes, milliseconds } from "./format.ts";
import type { Machines } from "./machines.ts";
import type { LiveMachine } from "./replies.ts";

export type GroupBy = "app" | "tenant" | "kind" | "none";

export interface Group {
  name: string;
  /** In the order in which they were started. */
  machines: LiveMachine[];
  /** Slots that are taken, and all of them. */
  used: number;
  total: number;
}

const NO_APP = "Blanks, of no app yet";

/** The groups by name, those of no app last. @param search a part of the name of a machine or an app */
export function grouped(machines: Machines, by: GroupBy, search: string): Group[] {
  const wanted = search.trim().toLowerCase();
  const groups = new Map<string, Group>();
  for (const machine of [...machines.values()].toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))) {
    if (wanted !== "" && !`${machine.app ?? ""} ${machine.id}`.toLowerCase().includes(wanted)) continue;
    const name = nameOf(machine, by);
    const group = groups.get(name) ?? { name, machines: [], used: 0, total: 0 };
    group.machines.push(machine);
    group.used += machine.slots.used;
    group.total += machine.slots.total;
    groups.set(name, group);
  }
  return [...groups.values()].toSorted((a, b) => Number(a.name === NO_APP) - Number(b.name === NO_APP) || (a.name < b.name ? -1 : 1));
}

function nameOf({ app, kind }: LiveMachine, by: GroupBy): string {
  if (by === "none") return "All machines";
  if (by === "kind") return kind === null ? "Appliances" : `${kind.runtime}, ${kind.memoryMb} MB, ${kind.vcpus} vCPU, ${kind.kernel}`;
  if (app === null) return NO_APP;
  return by === "app" ? app : tenantIn(app);
}

/** Lists of the whole server show apps of other tenants than `main` as `@acme/shop`. */
function tenantIn(app: string): string {
  return /^@([^/]+)\//.exec(app)?.[1] ?? "main";
}

/** How full a machine is, 0 to 1; a machine without slots is empty. */
export function fullness({ slots: { used, total } }: Pick<LiveMachine, "slots">): number {
  return total === 0 ? 0 : Math.min(1, used / total);
}

/** What is known of a machine, as a list of words and values. */
export function factsOf(machine: LiveMachine, isGone: boolean, now: number): [string, string][] {
  const { app, revision, state, slots, kind, driver, memoryBytes, cpuUs, startedAt } = machine;
  return [
    ["App", app === null ? "none yet" : revision === null ? app : `${app}, revision ${revision}`],
    ["State", isGone ? "gone" : state],
    ...(slots.total > 0 ? [["Slots", `${slots.used} of ${slots.total} taken`] as [string, string]] : []),
    ["Kind", kind === null ? "appliance" : `${kind.runtime}, ${kind.memoryMb} MB, ${kind.vcpus} vCPU, ${kind.kernel}`],
    ["Driver", driver],
    ["Memory", bytes(memoryBytes)],
    ["CPU", milliseconds(cpuUs / 1_000)],
    ["Age", isGone ? "" : age(now - startedAt)],
  ];
}
