/**
 * What a supervisor concludes from its workers' deaths: how long to wait before the next start, and which appliances not to start. Pure.
 *
 * An appliance is suspected if it was started within a minute before a death. After three such deaths in a row it is left stopped until a
 * user starts it. A minute of life after its start clears it.
 */
export interface Death {
  /** Milliseconds since the epoch. */
  at: number;
  reason: string;
  livedMs: number;
}

export interface Standing {
  /** How many restarts there were since the supervisor started. */
  restarts: number;
  /** The most recent deaths, oldest first. */
  deaths: Death[];
  /** For each appliance, how many deaths in a row came right after it was started. */
  suspected: [appliance: string, deaths: number][];
  leftAlone: string[];
}

export const fresh: Standing = { restarts: 0, deaths: [], suspected: [], leftAlone: [] };

const RIGHT_BEFORE_MS = 60_000;
const deathsToLeaveAlone = 3;
const KEPT = 20;

/** @param started the appliances that the dead worker had started, with the time of each start on the same clock as `death.at` */
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

/**
 * The delay before the next start: none after the first death, then 0.5 s, 1 s, 2 s … up to 30 s for workers that die soon after their
 * start.
 */
export function delayAfter(deaths: readonly Death[]): number {
  const young = deaths.toReversed().findIndex(({ livedMs }) => livedMs >= HEALTHY_MS);
  const inARow = young === -1 ? deaths.length : young + 1;
  return inARow <= 1 ? 0 : Math.min(FIRST_MS * 2 ** (inARow - 2), LAST_MS);
}
