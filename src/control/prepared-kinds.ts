/**
 * The kinds of machines that the driver is prepared for: what their machines start from takes memory, and seconds to make.
 *
 * Owns: the list of those kinds.
 * 1. A kind is prepared when it is first needed: by a deploy, at the start of a server whose apps choose it, or by the start of a machine.
 * 2. A kind that no live revision chooses any more is given up, some time after the change. The usual kind stays, as blanks of it do.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { KindChoice, MachineKind } from "../base/kind/machine-kind.ts";
import type { Catalog } from "../store/catalog/catalog.ts";

export interface PreparedKindsOptions {
  catalog: Pick<Catalog, "kinds">;
  clock: Clock;
  usual: MachineKind;
  /** The kind that a choice means on this host. */
  kindOf: (choice: KindChoice) => MachineKind;
  /** Makes what machines of the kind start from. Takes no time if it exists. */
  prepare: (kind: MachineKind) => Promise<void>;
  /** Gives that up. */
  release: (kind: MachineKind) => void;
}

/** Milliseconds. A look reads the manifests of all live revisions, and an app that moves to another kind may soon move back. */
const LOOK_AFTER_MS = 60_000;

export class PreparedKinds {
  readonly #options: PreparedKindsOptions;
  readonly #kinds = new Map<string, MachineKind>();
  #cancelLook: (() => void) | undefined;

  constructor(options: PreparedKindsOptions) {
    this.#options = options;
  }

  /** Resolves when machines of the kind can be started at once. */
  prepare(choice: KindChoice): Promise<void> {
    return this.prepareKind(this.#options.kindOf(choice));
  }

  /** As prepare(). */
  prepareKind(kind: MachineKind): Promise<void> {
    const { usual, prepare } = this.#options;
    if (kind.key !== usual.key) this.#kinds.set(kind.key, kind);
    return prepare(kind);
  }

  /** Called after an app's calls were sent elsewhere, or the app was removed. */
  changed(): void {
    if (this.#kinds.size > 0) this.#cancelLook ??= this.#options.clock.after(LOOK_AFTER_MS, () => this.#look());
  }

  #look(): void {
    this.#cancelLook = undefined;
    const { catalog, kindOf, release } = this.#options;
    const chosen = new Set(catalog.kinds().map((choice) => kindOf(choice).key));
    for (const [key, kind] of this.#kinds) {
      if (chosen.has(key)) continue;
      this.#kinds.delete(key);
      release(kind);
    }
  }

  close(): void {
    this.#cancelLook?.();
  }
}
