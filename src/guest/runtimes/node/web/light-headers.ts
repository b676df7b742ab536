/**
 * Headers, several times faster than the native class if one name is read or a few are set: it is a flat list, and nothing is sorted or
 * combined until somebody iterates. It behaves like the native class; light-headers.test.ts compares the two.
 */
import { inspect } from "node:util";
import { headerName, headerValue, isSendable } from "./header-syntax.ts";
import { type HeadersInput, NativeHeaders } from "./native.ts";

type Pairs = Iterable<Iterable<string>>;

export class LightHeaders {
  /** name, value, name, value… in order of arrival, with names in lower case. */
  #list: string[] = [];
  /** Whether every value can cross the wire as it is. */
  #sendable = true;

  constructor(init?: HeadersInput | LightHeaders) {
    if (init === undefined) return;
    if (typeof init !== "object" && typeof init !== "function") throw new TypeError("Headers constructor: init must be an object");
    if (init === null) throw new TypeError("Headers constructor: init must not be null");
    if (#list in init) {
      this.#list = init.#list.slice();
      this.#sendable = init.#sendable;
    } else if (Symbol.iterator in init) {
      this.#fillFromPairs(init as Pairs);
    } else {
      this.#fillFromRecord(init as Record<string, string>);
    }
  }

  /** @param list name, value, name, value…, valid as the host sends them. The list is used itself, not copied */
  static fromWire(list: string[]): LightHeaders {
    for (let at = 0; at < list.length; at += 2) list[at] = list[at]!.toLowerCase();
    const headers = new LightHeaders();
    headers.#list = list;
    return headers;
  }

  /** The pairs for the wire, which must not be changed; null if a value can't cross it unchecked. */
  static toWire(headers: LightHeaders): string[] | null {
    return headers.#sendable ? headers.#list : null;
  }

  static isLight(value: object): value is LightHeaders {
    return #list in value;
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    if (this === LightHeaders) return value instanceof NativeHeaders;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  append(name: string, value: string): void {
    this.#add(headerName(name), headerValue(value));
  }

  delete(name: string): void {
    const wanted = headerName(name);
    if (this.#find(wanted) >= 0) this.#list = this.#without(wanted, this.#list.length);
  }

  get(name: string): string | null {
    const wanted = headerName(name);
    const list = this.#list;
    const first = this.#find(wanted);
    if (first < 0) return null;
    let value = list[first + 1]!;
    for (let at = first + 2; at < list.length; at += 2) if (list[at] === wanted) value += separator(wanted) + list[at + 1]!;
    return value;
  }

  getSetCookie(): string[] {
    const values: string[] = [];
    for (let at = 0; at < this.#list.length; at += 2) if (this.#list[at] === "set-cookie") values.push(this.#list[at + 1]!);
    return values;
  }

  has(name: string): boolean {
    return this.#find(headerName(name)) >= 0;
  }

  set(name: string, value: string): void {
    const wanted = headerName(name);
    const text = headerValue(value);
    const at = this.#find(wanted);
    if (at < 0) {
      this.#add(wanted, text);
      return;
    }
    this.#list[at + 1] = text;
    this.#sendable &&= isSendable(text);
    this.#list = this.#without(wanted, at);
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void, thisArg?: unknown): void {
    if (typeof callback !== "function") throw new TypeError("Headers.forEach: callback must be a function");
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this);
  }

  /** Changes during the iteration are seen by it, as the standard demands. */
  *entries(): Generator<[string, string], undefined> {
    for (let at = 0; ; at++) {
      const entry = this.#sorted()[at];
      if (entry === undefined) return;
      yield entry;
    }
  }

  *keys(): Generator<string, undefined> {
    for (const entry of this.entries()) yield entry[0];
  }

  *values(): Generator<string, undefined> {
    for (const entry of this.entries()) yield entry[1];
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries();
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Headers ${inspect(Object.fromEntries(this.#sorted()), options)}`;
  }

  #add(name: string, value: string): void {
    this.#list.push(name, value);
    this.#sendable &&= isSendable(value);
  }

  #find(name: string): number {
    const list = this.#list;
    for (let at = 0; at < list.length; at += 2) if (list[at] === name) return at;
    return -1;
  }

  /** The list without pairs of this name, except the one at `kept`. */
  #without(name: string, kept: number): string[] {
    return this.#list.filter((_, index) => this.#list[index & ~1] !== name || (index & ~1) === kept);
  }

  /** The pairs sorted by name, with the values of one name combined, except those of set-cookie. */
  #sorted(): [string, string][] {
    const entries: [string, string][] = [];
    const byName = new Map<string, [string, string]>();
    for (let at = 0; at < this.#list.length; at += 2) {
      const name = this.#list[at]!;
      const value = this.#list[at + 1]!;
      const known = byName.get(name);
      if (known !== undefined && name !== "set-cookie") known[1] += separator(name) + value;
      else {
        const entry: [string, string] = [name, value];
        byName.set(name, entry);
        entries.push(entry);
      }
    }
    return entries.toSorted((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
  }

  #fillFromPairs(pairs: Pairs): void {
    for (const pair of pairs) {
      if (typeof pair !== "object" || pair === null) throw new TypeError("Headers constructor: each pair must be an array");
      const [name, value, ...more] = [...pair];
      if (value === undefined || more.length > 0) throw new TypeError("Headers constructor: each pair must have a name and a value");
      this.append(name!, value);
    }
  }

  #fillFromRecord(record: Record<string, string>): void {
    for (const name of Reflect.ownKeys(record)) {
      if (typeof name === "symbol") throw new TypeError("Headers constructor: a header's name can't be a symbol");
      if (Object.prototype.propertyIsEnumerable.call(record, name)) this.append(name, record[name]!);
    }
  }
}

Object.setPrototypeOf(LightHeaders.prototype, NativeHeaders.prototype);

function separator(name: string): string {
  return name === "cookie" ? "; " : ", ";
}
