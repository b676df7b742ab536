/** What all apps of a tenant have together, and may have. A policy that is told of no tenants has no such limits. */
import type { OpaqueKind, TenantShare } from "../policy.ts";
import type { AppState, MachineEntry, PackingState, RevisionState } from "./packing-state.ts";
import type { TenantState } from "./tenant-state.ts";

/** Notes what the app's tenant may have. An app never changes its tenant. */
export function tellTenant(state: PackingState, app: AppState, share: TenantShare | undefined, now: number): void {
  if (share === undefined) return;
  const known = state.tenants.get(share.id);
  const tenant = known ?? {
    id: share.id,
    share,
    apps: 0,
    machines: 0,
    memoryMb: 0,
    vcpus: 0,
    starts: { left: mostStarts(share), at: now },
  };
  tenant.share = share;
  state.tenants.set(share.id, tenant);
  if (app.tenant === null) tenant.apps++;
  app.tenant = tenant;
}

/** Called when the app's last revision was forgotten. */
export function leaveTenant(state: PackingState, { tenant }: AppState): void {
  if (tenant === null) return;
  tenant.apps--;
  dropUnused(state, tenant);
}

/** Number of further machines of the kind that the app's tenant may have. */
export function tenantRoom({ tenant }: AppState, { memoryMb, vcpus }: OpaqueKind): number {
  if (tenant === null) return Infinity;
  const { share } = tenant;
  return Math.min(
    share.machines === null ? Infinity : share.machines - tenant.machines,
    share.memoryMb === null ? Infinity : Math.floor((share.memoryMb - tenant.memoryMb) / memoryMb),
    share.vcpus === null ? Infinity : Math.floor((share.vcpus - tenant.vcpus) / vcpus),
  );
}

/** What a tenant may still have. Infinity: as much as the host has. */
export interface TenantRoom {
  machines: number;
  memoryMb: number;
  vcpus: number;
}

/** What the tenant may be given now. */
export function roomOf(tenant: TenantState, now: number): TenantRoom {
  const { share } = tenant;
  const left = (most: number | null, used: number) => (most === null ? Infinity : most - used);
  const starts = share.startsPerSecond === null ? Infinity : Math.floor(startsLeft(tenant, now) + 1e-9);
  return {
    machines: Math.min(left(share.machines, tenant.machines), starts),
    memoryMb: left(share.memoryMb, tenant.memoryMb),
    vcpus: left(share.vcpus, tenant.vcpus),
  };
}

/** Takes a machine of the kind from the room, if there is enough. */
export function takeRoom(room: TenantRoom, { memoryMb, vcpus }: OpaqueKind): boolean {
  if (room.machines < 1 || room.memoryMb < memoryMb || room.vcpus < vcpus) return false;
  room.machines -= 1;
  room.memoryMb -= memoryMb;
  room.vcpus -= vcpus;
  return true;
}

/** Whether the tenant could have a machine of the kind if it had no other one. */
export function fitsTenant({ tenant }: AppState, { memoryMb, vcpus }: OpaqueKind): boolean {
  if (tenant === null) return true;
  const { share } = tenant;
  return (share.machines ?? 1) >= 1 && (share.memoryMb ?? memoryMb) >= memoryMb && (share.vcpus ?? vcpus) >= vcpus;
}

/** Number of machines that the app's tenant may be given now, by its starts per second. */
export function tenantStarts({ tenant }: AppState, now: number): number {
  if (tenant === null || tenant.share.startsPerSecond === null) return Infinity;
  return Math.floor(startsLeft(tenant, now) + 1e-9);
}

/** When the app's tenant may be given its next machine, ms; null: now, or it has no such limit. It is the same time whenever it is asked for, so that a wake for it is not too early. */
export function nextTenantStart({ tenant }: AppState, now: number): number | null {
  if (tenant === null || tenant.share.startsPerSecond === null) return null;
  const { starts, share } = tenant;
  // A little later than exactly then, so that the sum of fractions is a whole start at that time.
  const at = starts.at + ((1 - starts.left) / share.startsPerSecond!) * 1_000 + 1e-3;
  return at > now ? at : null;
}

/** The machine is the tenant's from now on, until it is gone. */
export function countForTenant({ tenant }: AppState, machine: MachineEntry, now: number): void {
  if (tenant === null) return;
  machine.tenant = tenant.id;
  tenant.machines++;
  tenant.memoryMb += machine.kind.memoryMb;
  tenant.vcpus += machine.kind.vcpus;
  if (tenant.share.startsPerSecond === null) return;
  tenant.starts = { left: startsLeft(tenant, now) - 1, at: now };
}

/** The machine is gone. */
export function countOffTenant(state: PackingState, { tenant: id, kind }: MachineEntry): void {
  const tenant = id === null ? undefined : state.tenants.get(id);
  if (tenant === undefined) return;
  tenant.machines--;
  tenant.memoryMb -= kind.memoryMb;
  tenant.vcpus -= kind.vcpus;
  dropUnused(state, tenant);
}

/** Whether anything but the host limits the tenant's machines. */
export function isLimited({ share }: TenantState): boolean {
  return share.machines !== null || share.memoryMb !== null || share.vcpus !== null;
}

/**
 * The revisions in such an order that tenants take turns: those of the tenant with the fewest machines begin. Within a tenant the order stays. Without tenants, or
 * with one, it is the order that was given.
 */
export function inTurnsOfTenants(state: PackingState, names: readonly string[]): string[] {
  if (state.tenants.size < 2 || names.length < 2) return names.slice();
  const byTenant = Map.groupBy(names, (name) => (state.revisions.get(name) as RevisionState).app.tenant);
  if (byTenant.size < 2) return names.slice();
  const queues = [...byTenant].map(([tenant, own], place) => ({ own, machines: tenant?.machines ?? 0, place }));
  queues.sort((a, b) => a.machines - b.machines || a.place - b.place);
  const turns: string[] = [];
  for (let turn = 0; turns.length < names.length; turn++)
    for (const { own } of queues) if (turn < own.length) turns.push(own[turn] as string);
  return turns;
}

function startsLeft({ share, starts }: TenantState, now: number): number {
  return Math.min(mostStarts(share), starts.left + ((now - starts.at) / 1_000) * (share.startsPerSecond ?? 0));
}

/** A bucket holds as many starts as are allowed in a second, and one at least. */
function mostStarts({ startsPerSecond }: TenantShare): number {
  return Math.max(1, startsPerSecond ?? 1);
}

function dropUnused(state: PackingState, { id, apps, machines }: TenantState): void {
  if (apps === 0 && machines === 0) state.tenants.delete(id);
}
