/**
 * The mappings of a source map, looked up in their encoded form. A bundle with many packages has some hundred thousand. Node's SourceMap
 * makes an object of each, and every call of the machine waits until it has.
 *
 * Owns: the decoder's state at every MARK_EVERY characters, up to the last place that was asked for, so that a later look-up reads no more
 * than that.
 * 1. Generated columns start at 0 on each line. All other figures are differences to the segment before, across lines.
 * 2. The text may be anything: decoding ends at the first character that is not a mapping, and nothing throws.
 */

/** Lines and columns count from 0. */
export interface Original {
  source: number;
  line: number;
  column: number;
}

/** Where in the text the decoder is, and what the segment before that place says. */
interface State extends Original {
  at: number;
  generatedLine: number;
  generatedColumn: number;
  hasSource: boolean;
}

/** A string, or an object with which a test counts reads. */
type Text = Pick<string, "length" | "charCodeAt">;

const MARK_EVERY = 2_048;
const START: State = { at: 0, generatedLine: 0, generatedColumn: 0, hasSource: false, source: 0, line: 0, column: 0 };

export class Mappings {
  readonly #text: Text;
  readonly #marks: State[] = [START];

  constructor(text: Text) {
    this.#text = text;
  }

  /** The source of the nearest segment at or before the place, on its line. */
  find(line: number, column: number): Original | undefined {
    this.#markUpTo(line, column);
    const state = { ...this.#marks.findLast((mark) => !isBehind(mark, line, column))! };
    let found = originalOn(line, state);
    while (decodeNext(this.#text, state)) {
      if (isBehind(state, line, column)) break;
      found = originalOn(line, state);
    }
    return found;
  }

  #markUpTo(line: number, column: number): void {
    let last = this.#marks.at(-1)!;
    while (!isBehind(last, line, column) && last.at < this.#text.length) {
      last = skip(this.#text, last, last.at + MARK_EVERY);
      this.#marks.push(last);
    }
  }
}

function isBehind(state: State, line: number, column: number): boolean {
  return state.generatedLine > line || (state.generatedLine === line && state.generatedColumn > column);
}

function originalOn(generatedLine: number, state: State): Original | undefined {
  return state.hasSource && state.generatedLine === generatedLine
    ? { source: state.source, line: state.line, column: state.column }
    : undefined;
}

const SEMICOLON = 59;
const COMMA = 44;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const valueOf = new Int8Array(128).fill(-1);
for (let at = 0; at < DIGITS.length; at += 1) valueOf[DIGITS.charCodeAt(at)] = at;
/** The bit of a digit that says that another digit of the same number follows. */
const GOES_ON = 32;

/**
 * The state behind the first segment that ends at `end` or later. It does what `decodeNext` does, but with all state in local variables,
 * because it reads a megabyte of text before V8 has optimised it, also on machines whose CPU is emulated.
 */
function skip(text: Text, from: State, end: number): State {
  let { at, generatedLine, generatedColumn, hasSource, source, line, column } = from;
  let field = 0;
  let value = 0;
  let shift = 0;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === SEMICOLON) {
      if (field > 0) hasSource = field >= 4;
      if (field > 0 && at >= end) break;
      field = 0;
      if (code === COMMA) continue;
      generatedLine += 1;
      generatedColumn = 0;
      hasSource = false;
      continue;
    }
    const digit = valueOf[code] ?? -1;
    if (digit < 0) return { ...from, at: text.length, hasSource: false };
    value |= (digit & (GOES_ON - 1)) << shift;
    shift += 5;
    if (digit & GOES_ON) continue;
    const difference = value & 1 ? -(value >>> 1) : value >>> 1;
    if (field === 0) generatedColumn += difference;
    else if (field === 1) source += difference;
    else if (field === 2) line += difference;
    else if (field === 3) column += difference;
    field += 1;
    value = shift = 0;
  }
  if (field > 0) hasSource = field >= 4;
  return { at, generatedLine, generatedColumn, hasSource, source, line, column };
}

/** Reads one segment into the state. Returns false if there is none. */
function decodeNext(text: Text, state: State): boolean {
  let field = 0;
  let value = 0;
  let shift = 0;
  for (; state.at < text.length; state.at += 1) {
    const code = text.charCodeAt(state.at);
    if (code === COMMA || code === SEMICOLON) {
      if (field > 0) break;
      if (code === SEMICOLON) nextLine(state);
      continue;
    }
    const digit = valueOf[code] ?? -1;
    if (digit < 0) return false;
    value |= (digit & (GOES_ON - 1)) << shift;
    shift += 5;
    if (digit & GOES_ON) continue;
    addTo(state, field, value & 1 ? -(value >>> 1) : value >>> 1);
    field += 1;
    value = shift = 0;
  }
  state.hasSource = field >= 4;
  return field > 0;
}

function nextLine(state: State): void {
  state.generatedLine += 1;
  state.generatedColumn = 0;
}

/** The fifth field, the number of a name, is not needed here. */
function addTo(state: State, field: number, difference: number): void {
  if (field === 0) state.generatedColumn += difference;
  else if (field === 1) state.source += difference;
  else if (field === 2) state.line += difference;
  else if (field === 3) state.column += difference;
}
