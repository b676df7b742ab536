/**
 * The kinds of machines that the driver is prepared for: what their machines start from takes memory, and seconds to make.
 *
 * Owns: the list of those kinds.
 * 1. A kind is prepared when it is first needed: by a deploy, at the start of a server whose apps choose it, or by the start of a machine.
 * 2. A kind that no live revision chooses any more is given up, some time after the change. The usual kind stays, as blanks of it do.
 * 3. No more than `most` others are held: the one that was used longest ago goes for the next, because whoever deploys chooses kinds, of which there are
 *    thousands, and the limits of machines do not count what these start from.
 * 4. Few are made at the same time, tenants in turn: each takes a whole CPU for seconds, so that many at once would all be late. What is held waits for nothing.
 */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { KindChoice, MachineKind } from "../base/kind/machine-kind.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { TenantTurns } from "./tenant-turns.ts";

export interface PreparedKindsOptions {
  catalog: Pick<Catalog, "kinds">;
  clock: Clock;
  usual: MachineKind;
  /** How many kinds are held beside the usual one. */
  most: number;
  /** The kind that a choice means on this host. */
  kindOf: (choice: KindChoice) => MachineKind;
  /** Makes what machines of the kind start from. Takes no time if it exists. */
  prepare: (kind: MachineKind) => Promise<void>;
  /** Gives that up. @param isChosen whether a live revision still chooses the kind */
  release: (kind: MachineKind, isChosen: boolean) => void;
}

/** Milliseconds. A look reads the manifests of all live revisions, and an app that moves to another kind may soon move back. */
const LOOK_AFTER_MS = 60_000;
/** How many kinds are made at the same time. */
const AT_ONCE = 2;
/** In whose name kinds are made for machines that start: blanks are nobody's. */
const STARTS = "";

interface Held {
  kind: MachineKind;
  /** Settles when the kind is there; undefined once it is. */
  making: Promise<void> | undefined;
}

export class PreparedKinds {
  readonly #options: PreparedKindsOptions;
  /** Without the usual kind. The one that was used last is last. */
  readonly #kinds = new Map<string, Held>();
  readonly #turns = new TenantTurns(AT_ONCE);
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PreparedKindsOptions) {
    this.#options = options;
  }

  /** Resolves when machines of the kind can be started at once. @param tenant whose app chooses it */
  prepare(choice: KindChoice, tenant: string): Promise<void> {
    return this.prepareKind(this.#options.kindOf(choice), tenant);
  }

  /** As prepare(). */
  prepareKind(kind: MachineKind, tenant = STARTS): Promise<void> {
    const { usual, prepare } = this.#options;
    if (kind.key === usual.key) return prepare(kind);
    const held = this.#kinds.get(kind.key) ?? this.#make(kind, tenant);
    this.#kinds.delete(kind.key);
    this.#kinds.set(kind.key, held);
    return held.making ?? prepare(kind);
  }

  /** Prepares the kinds that live revisions choose, as many as are held, one after the other. Never rejects. */
  async prepareChosen(failed: (choice: KindChoice, error: unknown) => void): Promise<void> {
    const { catalog, most } = this.#options;
    // The usual kind may be among them.
    const choices = catalog.kinds().slice(0, most + 1);
    for (const choice of choices) await this.prepare(choice, STARTS).catch((error: unknown) => failed(choice, error));
  }

  /** Called after an app's calls were sent elsewhere, or the app was removed. */
  changed(): void {
    if (this.#kinds.size > 0) this.#cancelLook ??= this.#options.clock.after(LOOK_AFTER_MS, () => this.#look());
  }

  #make(kind: MachineKind, tenant: string): Held {
    const made = this.#turns.take(tenant, async () => {
      if (this.#isClosed) throw new MayflyError("shutting-down");
      await this.#options.prepare(kind);
    });
    const held: Held = { kind, making: made };
    const isThere = () => {
      held.making = undefined;
      this.#giveUpSome();
    };
    const failed = () => {
      if (this.#kinds.get(kind.key) === held) this.#kinds.delete(kind.key);
    };
    made.then(isThere, failed);
    return held;
  }

  #giveUpSome(): void {
    const made = [...this.#kinds.values()].filter(({ making }) => making === undefined);
    for (const { kind } of made.slice(0, Math.max(0, made.length - this.#options.most))) this.#giveUp(kind, true);
  }

  #look(): void {
    this.#cancelLook = undefined;
    const { catalog, kindOf } = this.#options;
    const chosen = new Set(catalog.kinds().map((choice) => kindOf(choice).key));
    for (const [key, { kind }] of this.#kinds) if (!chosen.has(key)) this.#giveUp(kind, false);
  }

  #giveUp(kind: MachineKind, isChosen: boolean): void {
    this.#kinds.delete(kind.key);
    this.#options.release(kind, isChosen);
  }

  /** What waits for its turn fails. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
  }
}
