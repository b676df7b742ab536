/** Which tenant's snapshot is made next, and whose go where there is room for some only: nobody's deploys are to cost others theirs. Pure. */
import type { SavedSnapshot } from "../../machines/driver.ts";

/** What is to be saved besides what is. */
export interface Newcomer {
  tenant: string;
  count: number;
  bytes: number;
}

interface Room {
  count: number;
  bytes: number;
}

/**
 * Those that go until the others fit: each time the one that was used least of the tenant that has most, the newcomer counted among its tenant's.
 * @param tenantOf of a saved one; those of nobody known are together like one tenant's
 */
export function thoseThatGo(
  saved: SavedSnapshot[],
  room: Room,
  newcomer: Newcomer,
  tenantOf: (saved: SavedSnapshot) => string,
): SavedSnapshot[] {
  const kept = saved.toSorted((a, b) => b.usedAt - a.usedAt);
  const gone: SavedSnapshot[] = [];
  const sum = (measure: keyof Room, of = kept) => of.reduce((all, { bytes }) => all + (measure === "bytes" ? bytes : 1), 0);
  while (kept.length > 0) {
    const measure = (["count", "bytes"] as const).find((each) => sum(each) + newcomer[each] > room[each]);
    if (measure === undefined) break;
    const ofTenant = (tenant: string) => {
      const own = kept.filter((each) => tenantOf(each) === tenant);
      return sum(measure, own) + (newcomer.tenant === tenant ? newcomer[measure] : 0);
    };
    const most = Math.max(...kept.map((each) => ofTenant(tenantOf(each))));
    const [victim] = kept.splice(
      kept.findLastIndex((each) => ofTenant(tenantOf(each)) === most),
      1,
    );
    gone.push(victim!);
  }
  return gone;
}

/** Lets tenants take turns. */
export class TenantsTurns {
  /** When each had its last turn, as a number that rises. */
  readonly #turns = new Map<string, number>();
  #turn = 0;

  /** The first that waits of the tenant whose last turn is longest ago. Undefined, and nothing is remembered, if none waits. */
  next<Waiting>(waiting: Waiting[], tenantOf: (each: Waiting) => string): Waiting | undefined {
    if (waiting.length === 0) this.#turns.clear();
    const last = (each: Waiting) => this.#turns.get(tenantOf(each)) ?? 0;
    const next = waiting.toSorted((a, b) => last(a) - last(b))[0];
    if (next !== undefined) this.#turns.set(tenantOf(next), ++this.#turn);
    return next;
  }
}
