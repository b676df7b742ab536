/** The names by which programs have found addresses: a program connects to an address, but the host may allow it by its name only. */
const MOST_ADDRESSES = 1_000;
const MOST_NAMES = 4;

export class FoundNames {
  /** The names of each address, the last one first. */
  readonly #names = new Map<string, string[]>();

  learn(name: string, addresses: { address: string }[]): void {
    for (const { address } of addresses) {
      const others = (this.#names.get(address) ?? []).filter((each) => each !== name);
      this.#names.delete(address);
      this.#names.set(address, [name, ...others].slice(0, MOST_NAMES));
    }
    while (this.#names.size > MOST_ADDRESSES) this.#names.delete(this.#names.keys().next().value!);
  }

  of(address: string): string[] {
    return this.#names.get(address) ?? [];
  }
}
