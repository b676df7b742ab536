/**
 * Which lane may begin something next.
 *
 * Owns: the lanes that have something to do, by tenant, and how many events of each tenant run.
 * 1. Tenants take turns, and so do the lanes of each: however many lanes one has, another's wait no longer for it.
 * 2. Of the places, a tenant gets at most three times as many as are left, and a lane at most as many as are left. So nobody gets all of them, however long its events run, and
 *    somebody who has nothing running still gets one. A lane that has nothing running may take the last place.
 */
export interface TurningLane {
  readonly tenant: string;
  /** Events of it that run. */
  running: number;
}

const PART_OF_TENANT = 3;

export class Turns<L extends TurningLane> {
  readonly #most: number;
  #running = 0;
  /** The tenant whose turn is next comes first, and so does the lane. */
  readonly #waiting = new Map<string, Set<L>>();
  readonly #runningOf = new Map<string, number>();

  /** @param most events that may run at the same time */
  constructor(most: number) {
    this.#most = most;
  }

  get running(): number {
    return this.#running;
  }

  /** The lane has something to do. One that waits already keeps its place. */
  add(lane: L): void {
    const own = this.#waiting.get(lane.tenant);
    if (own === undefined) this.#waiting.set(lane.tenant, new Set([lane]));
    else own.add(lane);
  }

  /** Takes the next lane for which there is room out of those that wait. */
  next(): L | undefined {
    if (this.#running >= this.#most) return undefined;
    for (const [tenant, own] of this.#waiting) {
      const lane = this.#firstOf(own);
      if (lane === undefined) continue;
      own.delete(lane);
      this.#waiting.delete(tenant);
      if (own.size > 0) this.#waiting.set(tenant, own);
      return lane;
    }
    return undefined;
  }

  /** How many further events of the lane may begin. */
  roomFor({ tenant, running }: L): number {
    const left = this.#most - this.#running;
    const own = this.#runningOf.get(tenant) ?? 0;
    const room = Math.floor(Math.min((left - running) / 2, (PART_OF_TENANT * left - own) / (PART_OF_TENANT + 1)));
    return running === 0 && left > 0 ? Math.max(1, room) : Math.max(0, room);
  }

  /** Events of the lane have begun. @param count may be negative: they have ended */
  count(lane: L, count: number): void {
    lane.running += count;
    this.#running += count;
    const own = (this.#runningOf.get(lane.tenant) ?? 0) + count;
    if (own > 0) this.#runningOf.set(lane.tenant, own);
    else this.#runningOf.delete(lane.tenant);
  }

  #firstOf(own: ReadonlySet<L>): L | undefined {
    // Lanes without room hold many places each, so that there are few of them.
    for (const lane of own) if (this.roomFor(lane) > 0) return lane;
    return undefined;
  }
}
