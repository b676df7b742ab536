/** How much code is stored: for one app with its older versions, and for all apps together. */
import { MayflyError } from "../../base/errors/error.ts";
import type { Queries } from "./queries.ts";

export interface CodeQuota {
  /** Bytes. */
  perApp: number;
  inAll: number;
}

export const noQuota: CodeQuota = { perApp: Infinity, inAll: Infinity };

/**
 * Within the transaction that added a version: older versions of the app go until it fits. Throws "no-room" where it does not, nor with
 * none but the new one.
 */
export function fitIn(queries: Queries, quota: CodeQuota, app: string): void {
  while (queries.codeBytes(app) > quota.perApp && queries.pruneOldest(app));
  refuse(app, queries.codeBytes(app), quota.perApp, "of one app", "maxAppCodeMb");
  while (queries.codeBytes() > quota.inAll && queries.pruneOldest(app));
  refuse(app, queries.codeBytes(), quota.inAll, "of all apps together", "maxCodeMb");
}

function refuse(app: string, bytes: number, limit: number, whose: string, setting: string): void {
  if (bytes <= limit) return;
  const what = `the code ${whose} would take ${megabytes(bytes)} MB; ${megabytes(limit)} are allowed`;
  throw new MayflyError("no-room", { app, what, setting });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576);
}
