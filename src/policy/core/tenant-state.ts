import type { TenantShare } from "../policy.ts";

/** What a tenant's apps have together. The records of its apps share it. */
export interface TenantState {
  id: string;
  /** As it was told last, with whichever revision. */
  share: TenantShare;
  /** Number of its apps that have revisions. */
  apps: number;
  /** Machines that are bound to them, or are being bound, and those of them that are draining or ending; with their memory and vCPUs. */
  machines: number;
  memoryMb: number;
  vcpus: number;
  /** Machines that it might have been given at the time `at`, by its starts per second. */
  starts: { left: number; at: number };
}
