/**
 * How many connections of each app may end at the host at once. Each costs the process that serves all apps some milliseconds of CPU for two
 * handshakes, and some 150 KB of memory while it is open.
 *
 * Owns: the places that are taken.
 * 1. An app has at most MOST places.
 * 2. At most IN_HANDSHAKES of them are in their handshakes; others wait, in the order in which they came. An app whose servers do not answer delays only itself.
 */
const MOST = 512;
const IN_HANDSHAKES = 32;

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
  readonly waiting: Set<() => void>;
}

export class Places {
  readonly #apps = new Map<string, OfApp>();

  /** Returns undefined if the app has none left. */
  take(app: string): Place | undefined {
    const own = this.#apps.get(app) ?? { taken: 0, inHandshakes: 0, waiting: new Set() };
    if (own.taken >= MOST) return undefined;
    this.#apps.set(app, own);
    own.taken++;
    let [waits, shakes, isOver]: [waits: (() => void) | undefined, shakes: boolean, isOver: boolean] = [undefined, false, false];
    const shaken = () => {
      if (!shakes) return;
      shakes = false;
      own.inHandshakes--;
      startSome(own);
    };
    return {
      begin(start) {
        if (isOver) return;
        waits = () => {
          shakes = true;
          start();
        };
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
  for (const start of own.waiting) {
    if (own.inHandshakes >= IN_HANDSHAKES) return;
    own.waiting.delete(start);
    own.inHandshakes++;
    start();
  }
}
