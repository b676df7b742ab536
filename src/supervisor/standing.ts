/**
 * What a supervisor makes of its workers' deaths: how long to wait, and which appliances to leave alone. Pure.
 *
 * An appliance is suspected when it was started within a minute before a death. Three such deaths in a row, and it is left alone until a user starts it;
 * one minute of life after its start clears it.
 */
export interface Death {
  /** Milliseconds since the epoch. */
  at: number;
  reason: string;
  livedMs: number;
}

export interface Standing {
  /** Of all time, since the supervisor started. */
  restarts: number;
  /** The last ones, oldest first. */
  deaths: Death[];
  /** Deaths in a row that each appliance was started right before. */
  suspected: [appliance: string, deaths: number][];
  leftAlone: string[];
}

export const fresh: Standing = { restarts: 0, deaths: [], suspected: [], leftAlone: [] };

const RIGHT_BEFORE_MS = 60_000;
const deathsToLeaveAlone = 3;
const KEPT = 20;

/** @param started appliances and when, in the same time as `death.at`, by the worker that died */
export function afterDeath(standing: Standing, death: Death, started: ReadonlyMap<string, number>): Standing {
  const counts = new Map(standing.suspected);
  for (const [appliance, at] of started) {
    if (death.at - at > RIGHT_BEFORE_MS) counts.delete(appliance);
    else counts.set(appliance, (counts.get(appliance) ?? 0) + 1);
  }
  const guilty = [...counts].filter(([, deaths]) => deaths >= deathsToLeaveAlone).map(([appliance]) => appliance);
  return {
    restarts: standing.restarts + 1,
    deaths: [...standing.deaths, death].slice(-KEPT),
    suspected: [...counts],
    leftAlone: [...new Set([...standing.leftAlone, ...guilty])],
  };
}

export function takenUp(standing: Standing, appliance: string): Standing {
  return {
    ...standing,
    suspected: standing.suspected.filter(([name]) => name !== appliance),
    leftAlone: standing.leftAlone.filter((name) => name !== appliance),
  };
}

const HEALTHY_MS = 60_000;
const FIRST_MS = 500;
const LAST_MS = 30_000;

/** None after the first death; then 0.5 s, 1 s, 2 s … 30 s for workers that die young. */
export function delayAfter(deaths: readonly Death[]): number {
  const young = deaths.toReversed().findIndex(({ livedMs }) => livedMs >= HEALTHY_MS);
  const inARow = young === -1 ? deaths.length : young + 1;
  return inARow <= 1 ? 0 : Math.min(FIRST_MS * 2 ** (inARow - 2), LAST_MS);
}
