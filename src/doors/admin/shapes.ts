/** What the API shows of apps and revisions. Apps are shown by their names; their ids stay inside. */
import { mainTenant } from "../../base/ids/new-id.ts";
import type { AppRow, Revision, Target } from "../../store/catalog/catalog.ts";
import type { AliasInfo, AppInfo, RevisionInfo } from "./schemas.ts";

/** The tenant that all requests to the API are about. */
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
