/** What becomes of objects with time. Pure: times are arguments, in milliseconds since the epoch. */
import type { LifecycleRule, ObjectFilter, ObjectVersion } from "./object.ts";
import type { AgingUpload, AgingVersion } from "./store/upkeep.ts";

const DAY_MS = 86_400_000;

/** The end of so many days after `at`, which is a midnight of UTC, as AWS counts. @param dayMs another length of a day, for tests of clients */
function endOfDays(at: number, days: number, dayMs = DAY_MS): number {
  if (dayMs !== DAY_MS) return at + days * dayMs;
  return Math.ceil((at + days * DAY_MS) / DAY_MS) * DAY_MS;
}

function fits(
  { prefix = "", tags, above, below }: ObjectFilter,
  { key, size, about }: Pick<ObjectVersion, "key" | "size" | "about">,
): boolean {
  if (!key.startsWith(prefix)) return false;
  if ((above !== undefined && size <= above) || (below !== undefined && size >= below)) return false;
  return Object.entries(tags ?? {}).every(([name, value]) => about.tags?.[name] === value);
}

/** When the current version expires, and by which rule; of several rules, the earliest. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  version: Pick<ObjectVersion, "key" | "size" | "about" | "modifiedAt">,
  dayMs?: number,
): { at: number; rule: string } | undefined {
  let earliest: { at: number; rule: string } | undefined;
  for (const { id, isEnabled, filter, expiration } of rules) {
    if (!isEnabled || expiration === undefined || !fits(filter, version)) continue;
    const at = expiration.days === undefined ? expiration.date : endOfDays(version.modifiedAt, expiration.days, dayMs);
    if (at !== undefined && (earliest === undefined || at < earliest.at)) earliest = { at, rule: id };
  }
  return earliest;
}

/** Whether the version is to go now: for good, or, if it is the current one, as if somebody had removed the object. */
export function isOver(rules: readonly LifecycleRule[], version: AgingVersion, now: number, dayMs?: number): boolean {
  const active = rules.filter(({ isEnabled, filter }) => isEnabled && fits(filter, version));
  if (version.isLatest && version.isMarker)
    return version.isAlone && active.some(({ expiration }) => endsMarker(expiration, version, now, dayMs));
  if (version.isLatest) return (expiryOf(active, version, dayMs)?.at ?? Infinity) <= now;
  const { replacedAt, newer } = version;
  return active.some(
    ({ noncurrent }) =>
      noncurrent !== undefined &&
      replacedAt !== undefined &&
      newer >= noncurrent.keep &&
      endOfDays(replacedAt, noncurrent.days, dayMs) <= now,
  );
}

function endsMarker(expiration: LifecycleRule["expiration"], { modifiedAt }: AgingVersion, now: number, dayMs?: number): boolean {
  if (expiration === undefined) return false;
  const { days, date, expiredMarkers } = expiration;
  if (expiredMarkers === true) return true;
  return days !== undefined ? endOfDays(modifiedAt, days, dayMs) <= now : date !== undefined && date <= now;
}

/** When an upload is given up that is not complete by then, and by which rule; of several rules, the earliest. */
export function uploadExpiryOf(
  rules: readonly LifecycleRule[],
  { key, startedAt }: Pick<AgingUpload, "key" | "startedAt">,
  dayMs?: number,
): { at: number; rule: string } | undefined {
  let earliest: { at: number; rule: string } | undefined;
  for (const { id, isEnabled, filter, abortUploadsDays } of rules) {
    if (!isEnabled || abortUploadsDays === undefined || !key.startsWith(filter.prefix ?? "")) continue;
    const at = endOfDays(startedAt, abortUploadsDays, dayMs);
    if (earliest === undefined || at < earliest.at) earliest = { at, rule: id };
  }
  return earliest;
}

export function isUploadOver(rules: readonly LifecycleRule[], upload: AgingUpload, now: number, dayMs?: number): boolean {
  return (uploadExpiryOf(rules, upload, dayMs)?.at ?? Infinity) <= now;
}
