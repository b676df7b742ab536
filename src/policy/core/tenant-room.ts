/** Room within what a tenant may have: its own machines make it, whatever room the host has. */
import type { PolicyCommand } from "../policy.ts";
import { isPausing } from "./blanks.ts";
import { drainMachine, killMachine } from "./machines.ts";
import { everyMachine, type MachineEntry, type PackingState, type RevisionState } from "./packing-state.ts";
import { machinesForWaiting } from "./spares.ts";
import type { TenantState } from "./tenant-state.ts";
import { fitsTenant, isLimited, tenantRoom } from "./tenants.ts";
import { allowedByApp } from "./wanted.ts";

/**
 * For a revision whose calls wait while its tenant has as much as it may: the tenant's machine that is idle for longest is killed; or else, for a revision without a
 * machine, one is drained of the tenant's revision that has most. One at a time, because what leaves makes room.
 */
export function makeRoomInTenants(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const seen = new Set<TenantState>();
  for (const name of state.hungry) {
    const revision = state.revisions.get(name) as RevisionState;
    const { tenant } = revision.app;
    if (tenant === null || seen.has(tenant) || !isLimited(tenant) || !lacksOnlyRoom(state, revision, now)) continue;
    seen.add(tenant);
    const machines = everyMachine(state).filter((machine) => machine.tenant === tenant.id);
    if (machines.some(({ phase }) => phase === "ending" || phase === "draining")) continue;
    const [idlest] = machines.filter(isIdle).toSorted((a, b) => a.idleSince - b.idleSince || a.id - b.id);
    if (idlest !== undefined) killMachine(state, idlest, { kind: "tenant-full" }, commands);
    else if (revision.bound + revision.binding === 0) drainOfTheRichest(state, machines, commands);
  }
}

/** Whether the revision would be given a machine if its tenant had less. */
function lacksOnlyRoom(state: PackingState, revision: RevisionState, now: number): boolean {
  const { app, limits, waiting, failures, bound, binding } = revision;
  if (waiting === 0 || isPausing(failures, now) || allowedByApp(revision) <= 0) return false;
  if (tenantRoom(app, limits.kind) >= 1 || !fitsTenant(app, limits.kind)) return false;
  return bound + binding === 0 || machinesForWaiting(state, revision, now) > binding;
}

function isIdle({ phase, idleSince }: MachineEntry): boolean {
  return phase === "bound" && idleSince >= 0;
}

function drainOfTheRichest(state: PackingState, machines: MachineEntry[], commands: PolicyCommand[]): void {
  const bound = machines.filter(({ phase }) => phase === "bound");
  const counts = Map.groupBy(bound, ({ revision }) => revision);
  const most = [...counts.values()].toSorted((a, b) => b.length - a.length)[0];
  if (most === undefined || most.length < 2) return;
  const [victim] = most.toSorted((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  drainMachine(state, victim as MachineEntry, { kind: "tenant-full" }, commands);
}
