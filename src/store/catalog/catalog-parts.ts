import type { Clock } from "../../base/clock/clock.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Reclaimer } from "../sqlite/reclaim.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import type { CodeQuota } from "./code-quota.ts";
import type { CodeStore } from "./code-store.ts";
import type { Queries } from "./queries/prepare.ts";
import type { Seal } from "./seal.ts";

/** What the parts of the catalog work with. */
export interface CatalogParts {
  db: DatabaseSync;
  file: string;
  clock: Clock;
  quota: CodeQuota;
  revisionsKept: number;
  reserve: Reserve;
  reclaimer: Reclaimer;
  queries: Queries;
  seal: Seal;
  code: CodeStore;
  /** One transaction, with SQLite's failures (a full disk, say) told in our words. */
  write: <T>(work: () => T) => T;
  /** For what frees more than it takes: where the disk is full it gets the reserve. */
  writeByAllMeans: <T>(work: () => T) => T;
}
