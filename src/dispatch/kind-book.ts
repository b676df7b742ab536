import { type GuestKernelName, type KindChoice, kindOf, type MachineKind, usualChoice } from "../base/kind/machine-kind.ts";

/**
 * The kinds of machines that the apps of a host choose, by the key that the policy knows them by. A kind is entered here before the policy is told of it, so
 * that every key that the policy names in a command is found.
 */
export class KindBook {
  /** The kind of machines whose app chooses nothing. */
  readonly usual: MachineKind;
  readonly #kernel: GuestKernelName;
  readonly #kinds = new Map<string, MachineKind>();

  /** @param kernel the kernel of machines whose app chooses none */
  constructor(kernel: GuestKernelName) {
    this.#kernel = kernel;
    this.usual = this.enter(usualChoice);
  }

  /** The kind that a manifest chooses. */
  enter(choice: KindChoice): MachineKind {
    const kind = kindOf(choice, this.#kernel);
    this.#kinds.set(kind.key, kind);
    return kind;
  }

  get(key: string): MachineKind {
    const kind = this.#kinds.get(key);
    if (kind === undefined) throw new Error(`no app has chosen machines of the kind ${key}`);
    return kind;
  }
}
