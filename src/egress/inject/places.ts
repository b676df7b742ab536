/**
 * How many connections of each app may end at the host at once. Each costs the process that serves all apps some milliseconds of CPU for two
 * handshakes, and some 150 KB of memory while it is open.
 *
 * Owns: the places that are taken.
 * 1. An app has at most MOST places.
 * 2. At most IN_HANDSHAKES of them are in their handshakes; others wait, in the order in which they came. An app whose servers do not answer delays only itself.
 * 3. A server with fewer than ALWAYS connections in their handshakes gets another at once: one that does not answer does not keep the app from the others.
 */
const MOST = 512;
const IN_HANDSHAKES = 32;
const ALWAYS = 2;

export interface Place {
  /** Called once when the handshakes may begin, perhaps at once, and not after leave(). */
  begin(start: () => void): void;
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
}

interface Waiting {
  server: string;
  start: () => void;
}

export class Places {
  readonly #apps = new Map<string, OfApp>();

  /**
   * Returns undefined if the app has none left.
   * @param server what tells it from the app's others
   */
  take(app: string, server: string): Place | undefined {
    const own = this.#apps.get(app) ?? { taken: 0, inHandshakes: 0, ofServers: new Map<string, number>(), waiting: new Set<Waiting>() };
    if (own.taken >= MOST) return undefined;
    this.#apps.set(app, own);
    own.taken++;
    let [waits, shakes, isOver]: [waits: Waiting | undefined, shakes: boolean, isOver: boolean] = [undefined, false, false];
    const shaken = () => {
      if (!shakes) return;
      shakes = false;
      count(own, server, -1);
      startSome(own);
    };
    return {
      begin(start) {
        if (isOver) return;
        const starts = () => {
          shakes = true;
          start();
        };
        waits = { server, start: starts };
        own.waiting.add(waits);
        startSome(own);
      },
      shaken,
      leave: () => {
        if (isOver) return;
        isOver = true;
        if (waits !== undefined) own.waiting.delete(waits);
        own.taken--;
        if (own.taken === 0) this.#apps.delete(app);
        shaken();
      },
    };
  }
}

function startSome(own: OfApp): void {
  for (const each of own.waiting) {
    if (own.inHandshakes >= IN_HANDSHAKES && (own.ofServers.get(each.server) ?? 0) >= ALWAYS) continue;
    own.waiting.delete(each);
    count(own, each.server, 1);
    each.start();
  }
}

function count(own: OfApp, server: string, change: number): void {
  own.inHandshakes += change;
  const ofServer = (own.ofServers.get(server) ?? 0) + change;
  if (ofServer === 0) own.ofServers.delete(server);
  else own.ofServers.set(server, ofServer);
}
