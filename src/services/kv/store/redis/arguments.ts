/** Arguments of commands: bytes, which are read as what a command takes there. */
import { isUtf8 } from "node:buffer";
import { MOST_KEY_BYTES } from "../../kv.ts";
import { notWhole, Refusal, syntaxError } from "./refusal.ts";

const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Byte by byte: for words and numbers. */
export function wordOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** In capitals. */
export function optionOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length > 20 ? "" : wordOf(bytes).toUpperCase();
}

/** Keys are those of `KeyValues`: texts of Unicode. */
export function keyOf(bytes: Uint8Array): Uint8Array {
  const isPath = bytes.length <= 2 && bytes.every((byte) => byte === 46);
  if (bytes.length === 0 || bytes.length > MOST_KEY_BYTES || isPath || !isUtf8(bytes))
    throw new Refusal(`ERR a key must have 1 to ${MOST_KEY_BYTES} bytes of UTF-8, and not be . or ..`);
  return bytes;
}

/** A whole number of 64 bits, as Redis takes it: no sign but -, no zeros before it. */
export function bigintOf(bytes: Uint8Array | undefined, refusal: () => Refusal = notWhole): bigint {
  const text = bytes === undefined || bytes.length > 20 ? "" : wordOf(bytes);
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw refusal();
  const number = BigInt(text);
  if (number < LOWEST || number > HIGHEST) throw refusal();
  return number;
}

export function isWhole64(number: bigint): boolean {
  return number >= LOWEST && number <= HIGHEST;
}

/** A whole number that is near enough to be one of JavaScript's: what is beyond is as good as its end. */
export function numberOf(bytes: Uint8Array | undefined, refusal: () => Refusal = notWhole): number {
  const number = bigintOf(bytes, refusal);
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(number > most ? most : number < -most ? -most : number);
}

const notFloat = () => new Refusal("ERR value is not a valid float");

export function floatOf(bytes: Uint8Array, refusal: () => Refusal = notFloat): number {
  const text = bytes.length > 64 ? "" : wordOf(bytes);
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (!isNumber) throw refusal();
  return Number(text);
}

/** Without an exponent. Sums have 15 digits, so that 0.1 and 0.2 are 0.3. */
export function shownFloat(number: number): string {
  if (Number.isInteger(number)) return BigInt(number).toString();
  const rounded = Number(number.toPrecision(15));
  const text = String(rounded);
  return text.includes("e") ? rounded.toFixed(17).replace(/\.?0+$/, "") : text;
}

/** The expiry that a command asks for, ms since the epoch. */
export function expiryOf(unit: string, bytes: Uint8Array | undefined, now: number, command: string): number {
  const given = bigintOf(bytes);
  const ms = unit === "EX" || unit === "EXAT" ? given * 1_000n : given;
  const at = unit === "EX" || unit === "PX" ? ms + BigInt(now) : ms;
  if (given <= 0n || at > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Refusal(`ERR invalid expire time in '${command.toLowerCase()}' command`);
  return Number(at);
}

/** Options of a command by name: those in `flags` stand alone, those in `values` have one argument after them. Throws for all others. */
export function optionsIn(
  args: readonly Uint8Array[],
  { flags = [], values = [] }: { flags?: readonly string[]; values?: readonly string[] },
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (let at = 0; at < args.length; at++) {
    const name = optionOf(args[at]);
    const isFlag = flags.includes(name);
    if (!isFlag && !values.includes(name)) throw syntaxError();
    const value = isFlag ? args[at]! : args[++at];
    if (value === undefined) throw syntaxError();
    found.set(name, value);
  }
  return found;
}
