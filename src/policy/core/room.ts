/** Room on a full host. */
import type { PolicyCommand } from "../policy.ts";
import { drainMachine, killMachine } from "./machines.ts";
import { everyMachine, type MachineEntry, type PackingState, type RevisionState } from "./packing-state.ts";
import { need } from "./spares.ts";
import type { TenantState } from "./tenant-state.ts";

/** Makes room on a full host: blanks that nobody waits for are killed first, then machines that are idle for longest; then, for a revision without a machine, a machine is drained of the revision that has most. */
export function makeRoom(state: PackingState, short: number, now: number, commands: PolicyCommand[]): void {
  const machines = everyMachine(state);
  const leaving = machines.filter((machine) => machine.phase === "ending").length;
  const idle = machines.filter((machine) => machine.phase === "bound" && machine.idleSince >= 0);
  idle.sort((a, b) => a.idleSince - b.idleSince || a.id - b.id);
  const blanks = machines.filter((machine) => machine.phase === "blank");
  const victims = [...blanks, ...idle].slice(0, Math.max(0, short - leaving));
  for (const victim of victims) killMachine(state, victim, { kind: "host-full" }, commands);
  if (leaving + victims.length === 0) drainOfTheRichest(state, now, commands);
}

function drainOfTheRichest(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const machines = everyMachine(state);
  if (machines.some((machine) => machine.phase === "draining")) return;
  const poor = state.hungry.some((name) => {
    const revision = state.revisions.get(name) as RevisionState;
    return revision.bound + revision.binding === 0 && need(state, revision, now) > 0;
  });
  if (!poor) return;
  let richest: RevisionState | undefined;
  for (const revision of state.revisions.values()) if (revision.bound > (richest?.bound ?? 1)) richest = revision;
  if (richest === undefined) return drainOfTheRichestTenant(state, machines, now, commands);
  const { id } = richest;
  const candidates = machines.filter((machine) => machine.phase === "bound" && machine.revision === id);
  candidates.sort((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  const [victim] = candidates;
  if (victim !== undefined) drainMachine(state, victim, { kind: "host-full-share" }, commands);
}

/**
 * No revision has more than one machine: then, for a revision without one, a machine is drained of the tenant that has most, if it has at least two more than that
 * of the revision. So the machines of a full host are shared by tenants, and not by how many apps each has.
 */
function drainOfTheRichestTenant(state: PackingState, machines: MachineEntry[], now: number, commands: PolicyCommand[]): void {
  let poorest: TenantState | undefined;
  for (const name of state.hungry) {
    const revision = state.revisions.get(name) as RevisionState;
    const { tenant } = revision.app;
    if (tenant === null || revision.bound + revision.binding > 0 || need(state, revision, now) === 0) continue;
    if (tenant.machines < (poorest?.machines ?? Infinity)) poorest = tenant;
  }
  let richest: TenantState | undefined;
  for (const tenant of state.tenants.values()) if (tenant.machines > (richest?.machines ?? 0)) richest = tenant;
  if (poorest === undefined || richest === undefined || richest.machines < poorest.machines + 2) return;
  const { id } = richest;
  const candidates = machines.filter((machine) => machine.phase === "bound" && machine.tenant === id);
  candidates.sort((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  const [victim] = candidates;
  if (victim !== undefined) drainMachine(state, victim, { kind: "tenant-share" }, commands);
}
