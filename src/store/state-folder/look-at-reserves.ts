/** What is held in reserve for removals on a full disk: see reserve.ts and ../group-commit/file-reserve.ts. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { RESERVE_BYTES as BESIDE_DATABASE } from "../group-commit/space-use.ts";
import { RESERVE_BYTES as OF_ALL } from "./reserve.ts";

export interface ReserveLook {
  /** Its name in the state folder. */
  file: string;
  bytes: number;
  /** How large it is when it is whole. */
  of: number;
}

/** Files that a group commit writes. */
const DATABASES = ["queues.db", "objects.db", "kv.db", "events.db", "durable.db"];

/** Of a state folder that there is. A database has its reserve from its first use on. */
export function lookAtReserves(stateDir: string): ReserveLook[] {
  const names = new Set(readdirSync(stateDir));
  const looks = DATABASES.filter((name) => names.has(`${name}-wal`) || names.has(`${name}-reserve`)).map((name) => ({
    file: `${name}-reserve`,
    of: BESIDE_DATABASE,
  }));
  return [{ file: "reserve", of: OF_ALL }, ...looks].map(({ file, of }) => ({
    file,
    bytes: statSync(join(stateDir, file), { throwIfNoEntry: false })?.size ?? 0,
    of,
  }));
}

/** "queues.db-reserve has 1.2 of 2 MB" for each that is not whole. */
export function lackingReserves(looks: readonly ReserveLook[]): string[] {
  return looks.filter(({ bytes, of }) => bytes < of).map(({ file, bytes, of }) => `${file} has ${inMb(bytes)} of ${inMb(of)} MB`);
}

function inMb(bytes: number): number {
  return Math.floor((10 * bytes) / 1_048_576) / 10;
}
