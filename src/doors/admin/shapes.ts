/** What the API shows of apps and revisions. Apps go by their names here; what else there is of ids inside stays there. */
import { mainTenant } from "../../base/ids/new-id.ts";
import type { AppRow, Revision, Target } from "../../store/catalog/catalog.ts";
import type { AliasInfo, AppInfo, RevisionInfo } from "./schemas.ts";

/** The tenant of all that the API is asked for. */
export const tenant = mainTenant;

export function appInfo({ name, live, problem, revisions, aliases }: AppRow): AppInfo {
  const versions = revisions.map(({ id, createdAt }) => ({ id, createdAt }));
  return { app: name, live: live && revisionInfo(live), problem, versions, revisions, aliases };
}

export function revisionInfo({ id, number, digest, createdAt, manifest }: Revision): RevisionInfo {
  return { app: manifest.name, id, number, digest, createdAt, manifest };
}

export function aliasInfo(name: string, targets: Target[]): AliasInfo {
  return { name, targets: targets.map(({ revision, weight }) => ({ revision: revision.id, number: revision.number, weight })) };
}
