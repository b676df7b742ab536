/** What the apps of a tenant may use together. Each of these is enforced: docs/tenants.md says where, and how exactly. */
import { z } from "zod";

const whole = (most: number) => z.int().positive().max(most).nullable();
const amount = (most: number) => z.number().positive().max(most).nullable();

export const tenantLimitsShape = {
  /** Of a month, in the currency of the prices. */
  spend: amount(1e12),
  /** Calls of a month. */
  requests: whole(1e15),
  /** Of a month: CPU time of functions and bring-up together. */
  cpuSeconds: amount(1e12),
  /** Calls per second, on average over a second. */
  requestsPerSecond: amount(1e6),
  /** Machines at the same time that are bound to the tenant's apps, or being bound. */
  machines: whole(1e5),
  /** The memory of these machines together by their kinds. */
  memoryMb: whole(1e9),
  /** Their vCPUs together. */
  vcpus: whole(1e6),
  /** Machines that are given to the tenant's apps per second, on average over a few seconds. */
  startsPerSecond: amount(1e5),
  /** The code of all revisions of the tenant's apps together. Code that several share counts once. */
  codeMb: whole(1e8),
  /** What the key-value stores of all apps of the tenant hold. The server's settings may allow less. */
  kvMb: whole(1e8),
  /** What the buckets of the tenant and of its apps hold, with the parts of uploads. The server's settings may allow less. */
  objectsMb: whole(1e9),
  /** What the queues of the tenant and of its apps hold. The server's settings may allow less. */
  queuesMb: whole(1e8),
  /** The logs of all apps and appliances of the tenant together. Each has four files of 8 MB at most. */
  logMb: z.int().min(8).max(1e8).nullable(),
};

const tenantLimitsSchema = z.object(tenantLimitsShape);
/** null: as much as it likes. */
export type TenantLimits = z.infer<typeof tenantLimitsSchema>;

const keys = Object.keys(tenantLimitsShape) as (keyof TenantLimits)[];
export const unlimitedTenant = Object.fromEntries(keys.map((key) => [key, null])) as TenantLimits;

/** What a newer Mayfly stored, or what the disk has damaged, counts as no limit: no tenant is cut off by it. */
export function parseTenantLimits(json: string | undefined): TenantLimits {
  if (json === undefined) return unlimitedTenant;
  try {
    // A limit that an older Mayfly did not know is none.
    const parsed = tenantLimitsSchema.partial().safeParse(JSON.parse(json));
    return parsed.success ? { ...unlimitedTenant, ...(parsed.data as TenantLimits) } : unlimitedTenant;
  } catch {
    return unlimitedTenant;
  }
}
