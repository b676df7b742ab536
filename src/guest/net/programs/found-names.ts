/**
 * The names by which programs have found addresses: a program connects to an address, but the host may allow it by its name only.
 *
 * 1. Names that the operator's host has for itself have addresses like the machine's own. A program gets others in their place, so that its connections
 *    leave the machine.
 */
import type { LookupAddress } from "node:dns";
import { isLocal } from "../local.ts";

const MOST_ADDRESSES = 1_000;
const MOST_NAMES = 4;
/** 240.0.0.2 and up: reserved, so that nothing else has them. gVisor has given 240.0.0.1 to the loopback. */
const FIRST_STAND_IN = 2;

interface Behind {
  host: string;
  name: string;
}

export class FoundNames {
  /** The names of each address, the last one first. */
  readonly #names = new Map<string, string[]>();
  /** By the host's name and its address. */
  readonly #standIns = new Map<string, string>();
  readonly #behind = new Map<string, Behind>();

  /** Returns the addresses as a program is to be told them. */
  learn(name: string, addresses: LookupAddress[]): LookupAddress[] {
    if (isLocal(name)) return addresses;
    for (const { address } of addresses) this.#add(name, address);
    while (this.#names.size > MOST_ADDRESSES) this.#names.delete(this.#names.keys().next().value!);
    return addresses.map((each) => (isLocal(each.address) ? { address: this.#standIn(name, each.address), family: 4 } : each));
  }

  of(address: string): string[] {
    return this.#names.get(address) ?? [];
  }

  /** What a stand-in stands for. */
  behind(address: string): Behind | undefined {
    return this.#behind.get(address);
  }

  #add(name: string, address: string): void {
    const others = (this.#names.get(address) ?? []).filter((each) => each !== name);
    this.#names.delete(address);
    this.#names.set(address, [name, ...others].slice(0, MOST_NAMES));
  }

  #standIn(name: string, host: string): string {
    const key = `${name} ${host}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    if (this.#standIns.size >= MOST_ADDRESSES) this.#standIns.clear();
    const number = FIRST_STAND_IN + this.#standIns.size;
    const address = `240.0.${number >> 8}.${number & 0xff}`;
    this.#standIns.set(key, address);
    this.#behind.set(address, { host, name });
    return address;
  }
}
