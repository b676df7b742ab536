/** What the API shows of apps and revisions. Apps are shown by their names; their ids stay inside. */
import type { Moved } from "../../control/promote.ts";
import type { AppRow, CanaryRow, Revision, Target } from "../../store/catalog/catalog.ts";
import { errorsInWords, timeInWords } from "../../traffic/limits.ts";
import { p99, type Tally } from "../../traffic/tally.ts";
import { reasonInWords } from "../../traffic/words.ts";
import type { AliasInfo, AppInfo, CanaryInfo, MovedInfo, RevisionInfo } from "./schemas.ts";

export function appInfo({ name, live, problem, revisions, aliases }: AppRow): AppInfo {
  const versions = revisions.map(({ id, createdAt }) => ({ id, createdAt }));
  const shown = revisions.map(({ canary, ...row }) => ({ ...row, ...(canary && { canary: canaryInfo(canary) }) }));
  return { app: name, live: live && revisionInfo(live), problem, versions, revisions: shown, aliases };
}

export function canaryInfo({ state, share, oldNumber, startedAt, plan, endedAt, reason, tallies }: CanaryRow): CanaryInfo {
  const { forMs, minCalls, maxErrors, maxP99 } = plan;
  const counted = (tally: Tally) => ({ calls: tally.calls, failed: tally.failed, p99: p99(tally) });
  return {
    state,
    share,
    old: oldNumber,
    startedAt,
    until: startedAt + forMs,
    minCalls,
    maxErrors: errorsInWords(maxErrors),
    maxP99: timeInWords(maxP99),
    endedAt,
    reason,
    why: reason && reasonInWords(reason),
    calls: { old: counted(tallies.old), new: counted(tallies.fresh) },
  };
}

export function movedInfo(app: string, { targets, before }: Moved): MovedInfo {
  return { app, targets: targets.map(targetInfo), before };
}

export function revisionInfo({ id, number, digest, createdAt, manifest }: Revision): RevisionInfo {
  return { app: manifest.name, id, number, digest, createdAt, manifest };
}

function targetInfo({ revision, weight }: Target): AliasInfo["targets"][number] {
  return { revision: revision.id, number: revision.number, weight };
}
