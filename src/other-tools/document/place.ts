/** A value with its place in the file, which errors and lists name. */
import { BadToolFile } from "./bad-tool-file.ts";
import { isMap, isScalar, shown, Unknown, type Value } from "./value.ts";

export class Place {
  /** Undefined if the file has nothing there. */
  readonly value: Value | undefined;
  /** Such as `functions.pay.events[0].http`. */
  readonly at: string;

  constructor(value: Value | undefined, at: string) {
    this.value = value;
    this.at = at;
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  key(name: string): Place {
    return new Place(isMap(this.value) ? this.value.get(name) : undefined, this.at === "" ? name : `${this.at}.${name}`);
  }

  /** Of a map; of anything else none. */
  entries(): [name: string, place: Place][] {
    return isMap(this.value) ? [...this.value.keys()].map((name) => [name, this.key(name)]) : [];
  }

  /** Of a list, or the one value that stands in place of a list. */
  items(): Place[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.value)) return [this];
    return this.value.map((each, at) => new Place(each, `${this.at}[${at}]`));
  }

  /** Undefined if nothing is there. Throws BadToolFile if it is no text, or cannot be known. */
  text(): string | undefined {
    const { value } = this;
    if (!this.isThere) return undefined;
    if (isScalar(value)) return String(value);
    if (value instanceof Unknown)
      throw new BadToolFile(this.at, `it is required here, and its value ${value.source} cannot be known: ${value.why}; ${value.cure}`);
    throw new BadToolFile(this.at, `it is ${shown(value)}, and must be a text`);
  }

  requiredText(): string {
    const text = this.text();
    if (text === undefined || text === "") throw new BadToolFile(this.at, "it is missing");
    return text;
  }

  /** Undefined if nothing is there. Throws BadToolFile if it is no whole number from `least` to `most`. */
  count(least: number, most: number): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= least && count <= most) return count;
    throw new BadToolFile(this.at, `it is ${shown(text)}, and must be a whole number of ${least} to ${most}`);
  }
}
