/** The limits of apps, in the ledger's file, where they outlive restarts, deploys and the app's removal. */
import type { DatabaseSync } from "node:sqlite";
import type { Limits } from "./ledger.ts";

interface LimitTable {
  all(): Map<string, Limits>;
  /** If no limit is left, the app's row is removed. */
  set(app: string, limits: Limits): void;
}

export function openLimits(db: DatabaseSync): LimitTable {
  const all = db.prepare("SELECT * FROM limits ORDER BY app");
  const put = db.prepare("INSERT OR REPLACE INTO limits VALUES (?, ?, ?, ?)");
  const remove = db.prepare("DELETE FROM limits WHERE app = ?");
  return {
    all: () => new Map(all.all().map((row) => [String(row["app"]), limitsOf(row)])),
    set(app, limits) {
      const { spend, requests, cpuSeconds } = limits;
      if (isUnlimited(limits)) remove.run(app);
      else put.run(app, spend, requests, cpuSeconds);
    },
  };
}

export function isUnlimited({ spend, requests, cpuSeconds }: Limits): boolean {
  return spend === null && requests === null && cpuSeconds === null;
}

function limitsOf(row: Record<string, unknown>): Limits {
  const number = (name: string) => (row[name] === null ? null : Number(row[name]));
  return { spend: number("spend"), requests: number("requests"), cpuSeconds: number("cpu_seconds") };
}
