/**
 * How many connections of each app may end at the host at once, and how many may begin. Each costs the process that serves all apps some milliseconds of
 * CPU for two handshakes, and some 150 KB of memory while it is open.
 *
 * Owns: the places that are taken, and how many handshakes each app has begun lately.
 * 1. An app has at most MOST places.
 * 2. At most IN_HANDSHAKES of them are in their handshakes; others wait, in the order in which they came. An app whose servers do not answer delays only itself.
 * 3. A server with fewer than ALWAYS connections in their handshakes gets another at once: one that does not answer does not keep the app from the others.
 * 4. An app begins AT_ONCE handshakes at once and PER_SECOND more each second; others wait. So what opens one connection after the other, for each request or
 *    in order to do harm, takes a sixth of a CPU.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { TokenBucket } from "../../base/clock/token-bucket.ts";

const MOST = 512;
const IN_HANDSHAKES = 32;
const ALWAYS = 2;
const AT_ONCE = 100;
export const PER_SECOND = 25;
/** Milliseconds after which an app that has no place may begin as many as ever. Forgotten before, it would have its share anew with each connection. */
const FORGET_MS = (1_000 * AT_ONCE) / PER_SECOND;

export interface Place {
  /**
   * @param start called once when the handshakes may begin, perhaps at once, and not after leave()
   * @param late called at once if they have to wait because the app has begun so many
   */
  begin(start: () => void, late: () => void): void;
  /** The handshakes are over, well or not. */
  shaken(): void;
  /** The connection is over. Further calls change nothing. */
  leave(): void;
}

interface OfApp {
  taken: number;
  inHandshakes: number;
  /** Of those, how many there are for each server; without those that have none. */
  readonly ofServers: Map<string, number>;
  readonly waiting: Set<Waiting>;
  readonly rate: TokenBucket;
  /** Whether the next look at those that wait is set, because the rate holds them back. */
  isHeldBack: boolean;
  /** Cancels that the app is forgotten. */
  remember: () => void;
}

interface Waiting {
  server: string;
  start: () => void;
}

export class Places {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #apps = new Map<string, OfApp>();

  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /**
   * Returns undefined if the app has none left.
   * @param server what tells it from the app's others
   */
  take(app: string, server: string): Place | undefined {
    const own = this.#apps.get(app) ?? this.#open(app);
    if (own.taken >= MOST) return undefined;
    own.remember();
    own.taken++;
    let [waits, shakes, isOver]: [waits: Waiting | undefined, shakes: boolean, isOver: boolean] = [undefined, false, false];
    const shaken = () => {
      if (!shakes) return;
      shakes = false;
      count(own, server, -1);
      this.#startSome(own);
    };
    return {
      begin: (start, late) => {
        if (isOver) return;
        const starts = () => {
          shakes = true;
          start();
        };
        waits = { server, start: starts };
        own.waiting.add(waits);
        this.#startSome(own);
        if (own.isHeldBack && own.waiting.has(waits)) late();
      },
      shaken,
      leave: () => {
        if (isOver) return;
        isOver = true;
        if (waits !== undefined) own.waiting.delete(waits);
        own.taken--;
        if (own.taken === 0) own.remember = this.#clock.after(FORGET_MS, () => this.#apps.delete(app));
        shaken();
      },
    };
  }

  #open(app: string): OfApp {
    const rate = new TokenBucket(PER_SECOND, AT_ONCE, this.#clock.now());
    const own: OfApp = { taken: 0, inHandshakes: 0, ofServers: new Map(), waiting: new Set(), rate, isHeldBack: false, remember: () => {} };
    this.#apps.set(app, own);
    return own;
  }

  #startSome(own: OfApp): void {
    for (const each of own.waiting) {
      if (own.inHandshakes >= IN_HANDSHAKES && (own.ofServers.get(each.server) ?? 0) >= ALWAYS) continue;
      if (!own.rate.take(1, this.#clock.now())) return this.#lookLater(own);
      own.waiting.delete(each);
      count(own, each.server, 1);
      each.start();
    }
  }

  #lookLater(own: OfApp): void {
    if (own.isHeldBack) return;
    own.isHeldBack = true;
    this.#clock.after(1_000 / PER_SECOND, () => {
      own.isHeldBack = false;
      this.#startSome(own);
    });
  }
}

function count(own: OfApp, server: string, change: number): void {
  own.inHandshakes += change;
  const ofServer = (own.ofServers.get(server) ?? 0) + change;
  if (ofServer === 0) own.ofServers.delete(server);
  else own.ofServers.set(server, ofServer);
}
