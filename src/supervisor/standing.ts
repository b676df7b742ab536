/**
 * What a supervisor concludes from its workers' deaths: how long to wait before the next start, which appliances to start apart from the others, and which not
 * to start. Pure.
 *
 * 1. A death may have any cause. If several appliances were started within a minute before it, all of them are suspected, and none is blamed: the next worker
 *    starts the suspected ones apart, more than a minute after everything else and after each other.
 * 2. An appliance is blamed for a death if it is the only one that was started within a minute before it. After three such deaths in a row it is left stopped
 *    until a user starts it.
 * 3. A minute of life after its start clears an appliance. A death before which no appliance was started has another cause, and clears all.
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
  /** For each suspected appliance, how many deaths in a row it is blamed for. */
  suspected: [appliance: string, deaths: number][];
  leftAlone: string[];
}

export const fresh: Standing = { restarts: 0, deaths: [], suspected: [], leftAlone: [] };

const RIGHT_BEFORE_MS = 60_000;
/** With some seconds for the way of the message that says that it is started. */
export const APART_MS = RIGHT_BEFORE_MS + 5_000;
const deathsToLeaveAlone = 3;
const KEPT = 20;

/** @param started the appliances that the dead worker had started, with the time of each start on the same clock as `death.at` */
export function afterDeath(standing: Standing, death: Death, started: ReadonlyMap<string, number>): Standing {
  const { suspected, young } = survivors(standing, death.at, started);
  const counts = new Map(young.length === 0 ? [] : suspected);
  for (const appliance of young) counts.set(appliance, (counts.get(appliance) ?? 0) + (young.length === 1 ? 1 : 0));
  const guilty = [...counts].filter(([, deaths]) => deaths >= deathsToLeaveAlone).map(([appliance]) => appliance);
  return {
    restarts: standing.restarts + 1,
    deaths: [...standing.deaths, death].slice(-KEPT),
    suspected: [...counts],
    leftAlone: [...new Set([...standing.leftAlone, ...guilty])],
  };
}

/** Called when a worker has ended in order. */
export function afterLife(standing: Standing, at: number, started: ReadonlyMap<string, number>): Standing {
  return { ...standing, suspected: survivors(standing, at, started).suspected };
}

/** The suspected appliances without those that have lived for a minute, and the appliances that were started within a minute before `at`. */
function survivors({ suspected }: Standing, at: number, started: ReadonlyMap<string, number>) {
  const isYoung = (startedAt: number) => at - startedAt <= RIGHT_BEFORE_MS;
  return {
    suspected: suspected.filter(([appliance]) => isYoung(started.get(appliance) ?? at)),
    young: [...started].flatMap(([appliance, startedAt]) => (isYoung(startedAt) ? [appliance] : [])),
  };
}

/**
 * The appliances that the next worker starts apart, in this order: those that are blamed least come first, so that the others need not wait for the one that
 * ends the worker.
 */
export function apart({ suspected, leftAlone }: Standing): string[] {
  const waiting = suspected.filter(([appliance]) => !leftAlone.includes(appliance));
  return waiting.toSorted(([, a], [, b]) => a - b).map(([appliance]) => appliance);
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
