import type { Clock } from "../../base/clock/clock.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Reclaimer } from "../sqlite/reclaim.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import type { LargeFiles } from "../large-files/large-files.ts";
import type { CodeQuota } from "./code-quota.ts";
import type { CodeStore } from "./code-store.ts";
import type { Queries } from "./queries/prepare.ts";
import type { Seal } from "./seal.ts";

/** What the functions of the catalog share. */
export interface CatalogParts {
  db: DatabaseSync;
  /** Its name without the folder, for errors that callers see. */
  file: string;
  clock: Clock;
  quota: CodeQuota;
  revisionsKept: number;
  reserve: Reserve;
  reclaimer: Reclaimer;
  queries: Queries;
  seal: Seal;
  code: CodeStore;
  large: LargeFiles;
  /** Runs `work` as one transaction. Failures of SQLite, for example a full disk, are thrown as errors of Mayfly's table. */
  write: <T>(work: () => T) => T;
  /** Like write(), for work that frees more space than it takes: if the disk is full, the reserve is given up and the work tried again. */
  writeByAllMeans: <T>(work: () => T) => T;
}
