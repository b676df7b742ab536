/** Reads JSON and keeps where each value stands, for errors that say so as AWS's do. Depth and size are bounded by the caller's limit on the text. */
export type Placed =
  /** @property column counted from 1: how far a reader has come that stops at the value's first character if it is a text, an object or a list, and at its end otherwise */
  | { kind: "object"; column: number; entries: [key: string, value: Placed][] }
  | { kind: "list"; column: number; items: Placed[] }
  | { kind: "text"; column: number; value: string; end: number }
  | { kind: "number"; column: number; value: number }
  | { kind: "literal"; column: number; value: boolean | null };

export class NoJson extends Error {
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

const MOST_NESTED = 100;
const EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/** Throws NoJson. */
export function readPlaced(text: string): Placed {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Placed {
    if (depth > MOST_NESTED) throw new NoJson("Document nesting depth exceeds the maximum", this.#at + 1);
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#list(depth);
    if (first === '"') return this.#string();
    return this.#scalar();
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw new NoJson("Unexpected content after the value", this.#at + 1);
  }

  #object(depth: number): Placed {
    const column = ++this.#at + 1;
    const entries: [string, Placed][] = [];
    while (!this.#closes("}", entries.length > 0)) {
      if (this.#text[this.#at] !== '"') throw this.#unexpected("was expecting double-quote to start field name");
      const { value: key } = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") throw this.#unexpected("was expecting a colon to separate field name and value");
      this.#at += 1;
      entries.push([key, this.value(depth + 1)]);
    }
    return { kind: "object", column, entries };
  }

  #list(depth: number): Placed {
    const column = ++this.#at + 1;
    const items: Placed[] = [];
    while (!this.#closes("]", items.length > 0)) items.push(this.value(depth + 1));
    return { kind: "list", column, items };
  }

  /** Whether the list or object ends here; otherwise a comma is passed, if one must be there. */
  #closes(end: string, needsComma: boolean): boolean {
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return true;
    }
    if (!needsComma) return false;
    if (this.#text[this.#at] !== ",") throw this.#unexpected("was expecting comma to separate entries");
    this.#at += 1;
    this.#space();
    return false;
  }

  #string(): Extract<Placed, { kind: "text" }> {
    // oxlint-disable-next-line no-control-regex -- JSON has them only as escapes
    const found = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    found.lastIndex = this.#at;
    const [text] = found.exec(this.#text) ?? [];
    if (text === undefined) throw new NoJson("Unexpected end-of-input or character in a String", this.#at + 1);
    const column = this.#at + 2;
    this.#at += text.length;
    return { kind: "text", column, value: JSON.parse(text) as string, end: this.#at + 1 };
  }

  #scalar(): Placed {
    const word = /[\w.+-]+/y;
    word.lastIndex = this.#at;
    const [text] = word.exec(this.#text) ?? [];
    if (text === undefined) throw this.#unexpected(`was expecting ${EXPECTED}`);
    this.#at += text.length;
    const column = this.#at + 1;
    if (text === "true" || text === "false" || text === "null")
      return { kind: "literal", column, value: JSON.parse(text) as boolean | null };
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return { kind: "number", column, value: Number(text) };
    throw new NoJson(`Unrecognized token '${text}': was expecting ${EXPECTED}`, column);
  }

  #unexpected(expected: string): NoJson {
    const character = this.#text[this.#at];
    if (character === undefined) return new NoJson("Unexpected end-of-input", this.#at + 1);
    return new NoJson(`Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${expected}`, this.#at + 1);
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }
}
