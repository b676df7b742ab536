/**
 * How much code may be stored: for one app with its older revisions, and for all apps together. Code that several revisions share counts
 * once. Manifests do not count, because parse-manifest.ts bounds each.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { Queries } from "./queries/prepare.ts";

export interface CodeQuota {
  /** Bytes. */
  perApp: number;
  inAll: number;
}

export const noQuota: CodeQuota = { perApp: Infinity, inAll: Infinity };

/**
 * Called within the transaction that added a revision. Removes older revisions of the app until the code fits. Throws "no-room" if the code
 * does not fit even when only the revisions that aliases name are left.
 * @param app its id @param name its name, for the error
 */
export function fitIn({ code, revisions }: Queries, quota: CodeQuota, app: string, name: string): void {
  const ofApp = () => code.bytesOfApp(app)?.bytes ?? 0;
  const inAll = () => code.bytesInAll()?.bytes ?? 0;
  while (ofApp() > quota.perApp && revisions.pruneOldest(app) > 0);
  refuse(name, ofApp(), quota.perApp, "of one app", "maxAppCodeMb");
  while (inAll() > quota.inAll && revisions.pruneOldest(app) > 0);
  refuse(name, inAll(), quota.inAll, "of all apps together", "maxCodeMb");
}

function refuse(app: string, bytes: number, limit: number, whose: string, setting: string): void {
  if (bytes <= limit) return;
  const what = `the code ${whose} would take ${megabytes(bytes)} MB; ${megabytes(limit)} are allowed`;
  throw new MayflyError("no-room", { app, what, setting });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576);
}
