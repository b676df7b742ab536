/** How many rows there are of whom, and which are too many. Rows are counted in memory, because to count them in the file takes long. */
import type { KeptAs } from "./kept-invocation.ts";

export interface RowCountsOptions {
  /** Rows of an app that were kept for the same reason. */
  perApp: number;
  /** Rows of all apps. */
  most: number;
  tenantOf: (app: string) => string;
}

export interface ToDrop {
  app: string;
  keptAs: KeptAs;
  rows: number;
}

/** When there are too many rows, so much of the bound is made free at once, so that not every second has to. */
const FREED = 0.05;

export class RowCounts {
  readonly #options: RowCountsOptions;
  readonly #rows = new Map<string, Map<KeptAs, number>>();
  #all = 0;

  constructor(options: RowCountsOptions) {
    this.#options = options;
  }

  /** @param rows may be negative */
  add(app: string, keptAs: KeptAs, rows: number): void {
    const of = this.#rows.get(app) ?? new Map<KeptAs, number>();
    this.#rows.set(app, of.set(keptAs, (of.get(keptAs) ?? 0) + rows));
    this.#all += rows;
  }

  removeApp(app: string): void {
    this.#all -= sumOf(this.#rows.get(app));
    this.#rows.delete(app);
  }

  /**
   * What is to be dropped, which is counted as dropped. First what an app has beyond its bound; then, if there are too many of all apps, the rows of the app
   * that has most in the tenant that has most, until there are few enough.
   * @param changed the apps that got rows
   */
  dropped(changed: Iterable<string>): ToDrop[] {
    const { perApp, most } = this.#options;
    const dropped: ToDrop[] = [];
    const drop = (app: string, keptAs: KeptAs, rows: number) => {
      this.add(app, keptAs, -rows);
      dropped.push({ app, keptAs, rows });
    };
    for (const app of changed)
      for (const [keptAs, rows] of this.#rows.get(app) ?? []) if (rows > perApp * (1 + FREED)) drop(app, keptAs, rows - perApp);
    if (this.#all > most) this.#dropFairly(this.#all - most * (1 - FREED), drop);
    return dropped;
  }

  #dropFairly(excess: number, drop: (app: string, keptAs: KeptAs, rows: number) => void): void {
    const tenants = new Map<string, Map<string, number>>();
    const sums = new Map<string, number>();
    for (const [app, of] of this.#rows) {
      const tenant = this.#options.tenantOf(app);
      const [apps, rows] = [tenants.get(tenant) ?? new Map<string, number>(), sumOf(of)];
      tenants.set(tenant, apps.set(app, rows));
      sums.set(tenant, (sums.get(tenant) ?? 0) + rows);
    }
    for (let left = Math.ceil(excess); left > 0;) {
      const [tenant, inTenant] = largest(sums);
      const apps = tenants.get(tenant)!;
      const [app, inApp] = largest(apps);
      const of = this.#rows.get(app)!;
      // What matters least goes first, and in small pieces, so that those that have as much lose as much.
      const keptAs = LEAST_FIRST.find((each) => (of.get(each) ?? 0) > 0);
      if (keptAs === undefined) return;
      const rows = Math.min(left, of.get(keptAs)!, PIECE);
      drop(app, keptAs, rows);
      apps.set(app, inApp - rows);
      sums.set(tenant, inTenant - rows);
      left -= rows;
    }
  }
}

const LEAST_FIRST = ["sample", "slow", "failed"] as const;
const PIECE = 50;

function sumOf(of: ReadonlyMap<KeptAs, number> | undefined): number {
  return of === undefined ? 0 : of.values().reduce((sum, rows) => sum + rows, 0);
}

function largest(counts: ReadonlyMap<string, number>): [string, number] {
  let most: [string, number] = ["", -1];
  for (const one of counts) if (one[1] > most[1]) most = one;
  return most;
}
