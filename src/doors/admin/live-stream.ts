/**
 * The streams of server-sent events that dashboards read: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * Owns: who reads, in groups of those who see the same.
 * 1. What a group is told is found out and written down once a second, however many read it, so that a thousand open pages of a tenant cost the server, and its calls,
 *    little more than one.
 * 2. A stream begins with all machines. It ends when its reader cancels, or may not read any more: its token was revoked, or its session has ended.
 * 3. Who reads slowly is told nothing while much waits, and afterwards all machines anew.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { LiveView } from "../../control/live.ts";
import type { Seen } from "../../control/seen.ts";

const TICK_MS = 1_000;
/** Bytes that wait for a slow reader. While there are more, it is told nothing. */
const BUFFERED_BYTES = 262_144;
/** Groups of a tenant's principals. There are several only where principals are bounded to different apps, or where those of the server look at several tenants. */
const MOST_GROUPS = 100;

type Bytes = Uint8Array<ArrayBuffer>;

/** Of one stream. */
interface Reader {
  controller: ReadableStreamDefaultController<Bytes>;
  isAllowed: () => boolean;
  /** Whether it is to be told of all machines, and not only of those that have changed. */
  isBehind: boolean;
}

interface News {
  tick: Bytes;
  /** undefined: nothing has changed. */
  changes: Bytes | undefined;
  /** All machines. */
  whole: () => Bytes;
}

export class LiveStreams {
  readonly #open: (seen: Seen) => LiveView;
  readonly #clock: Pick<Clock, "every">;
  readonly #groups = new Map<string, Group>();

  constructor(open: (seen: Seen) => LiveView, clock: Pick<Clock, "every">) {
    this.#open = open;
    this.#clock = clock;
  }

  /**
   * Throws "too-many-connections" if the tenant's principals see too many different things at once.
   * @param holder stands for the tenant
   */
  stream(seen: Seen, holder: string, isAllowed: () => boolean): ReadableStream<Bytes> {
    const group = this.#groupOf(seen, holder);
    let reader: Reader;
    return new ReadableStream<Bytes>(
      {
        start(controller) {
          reader = { controller, isAllowed, isBehind: true };
          group.add(reader);
        },
        cancel: () => group.remove(reader),
      },
      { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  #groupOf(seen: Seen, holder: string): Group {
    const key = JSON.stringify([holder, seen.tenant, seen.apps?.toSorted()]);
    const there = this.#groups.get(key);
    if (there !== undefined) return there;
    const groups = this.#groups.values().reduce((sum, group) => sum + (group.holder === holder ? 1 : 0), 0);
    if (groups >= MOST_GROUPS) throw new MayflyError("too-many-connections");
    const view = this.#open(seen);
    try {
      const made = new Group(view, holder, this.#clock, () => this.#groups.delete(key));
      this.#groups.set(key, made);
      return made;
    } catch (error) {
      view.close();
      throw error;
    }
  }
}

/** Those who see the same. It is over when nobody reads any more. */
class Group {
  readonly holder: string;
  readonly #view: LiveView;
  readonly #onOver: () => void;
  readonly #stop: () => void;
  readonly #readers = new Set<Reader>();
  #news: News;

  constructor(view: LiveView, holder: string, clock: Pick<Clock, "every">, onOver: () => void) {
    this.holder = holder;
    this.#view = view;
    this.#onOver = onOver;
    this.#news = newsOf(view);
    this.#stop = clock.every(TICK_MS, () => this.#tick());
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
    tell(reader, this.#news);
  }

  remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stop();
    this.#view.close();
    this.#onOver();
  }

  #tick(): void {
    for (const reader of this.#readers) {
      if (reader.isAllowed()) continue;
      this.remove(reader);
      reader.controller.close();
    }
    if (this.#readers.size === 0) return;
    this.#news = newsOf(this.#view);
    for (const reader of this.#readers) tell(reader, this.#news);
  }
}

function newsOf(view: LiveView): News {
  const { tick, machines } = view.tick();
  let whole: Bytes | undefined;
  return {
    tick: encoded("tick", tick),
    changes: machines && encoded("machines", machines),
    whole: () => (whole ??= encoded("machines", view.whole())),
  };
}

function tell(reader: Reader, { tick, changes, whole }: News): void {
  const { controller } = reader;
  if ((controller.desiredSize ?? 0) <= 0) {
    reader.isBehind = true;
    return;
  }
  controller.enqueue(tick);
  const machines = reader.isBehind ? whole() : changes;
  reader.isBehind = false;
  if (machines !== undefined) controller.enqueue(machines);
}

function encoded(event: string, data: unknown): Bytes {
  return new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
