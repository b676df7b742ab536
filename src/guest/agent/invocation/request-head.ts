/** A Request's head, cut up only as far as somebody looks: most handlers never ask for the headers. */
export class RequestHead {
  readonly id: string;
  function: string;
  readonly remainingMs: number;
  readonly method: string;
  url: string;
  readonly #text: string;
  /** Where the headers begin; past the end where there are none. */
  readonly #headersAt: number;

  /** @param text as docs/guest-protocol.md has it under Heads */
  constructor(text: string) {
    const idEnd = text.indexOf("\n");
    const functionEnd = text.indexOf("\n", idEnd + 1);
    const remainingEnd = text.indexOf("\n", functionEnd + 1);
    const methodEnd = text.indexOf("\n", remainingEnd + 1);
    const lastEnd = text.indexOf("\n", methodEnd + 1);
    const urlEnd = lastEnd < 0 ? text.length : lastEnd;
    this.id = text.slice(0, idEnd);
    this.function = text.slice(idEnd + 1, functionEnd);
    this.remainingMs = Number(text.slice(functionEnd + 1, remainingEnd));
    this.method = text.slice(remainingEnd + 1, methodEnd);
    this.url = text.slice(methodEnd + 1, urlEnd);
    this.#text = text;
    this.#headersAt = urlEnd + 1;
  }

  /** name, value, name, value… as they came; a new list each time. */
  get headers(): string[] {
    return this.#headersAt >= this.#text.length ? [] : this.#text.slice(this.#headersAt).split("\n");
  }
}
