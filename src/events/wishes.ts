/** What a caller may say of a call that is run later, in the headers of its request. */
import { MayflyError } from "../base/errors/error.ts";

export interface Wishes {
  idempotencyKey?: string;
  dueAt?: number;
  orderKey?: string;
  priority?: number;
}

/** In characters. */
const MOST_OF_KEY = 256;
/** An event may wait for a year. */
const MOST_DELAY_S = 366 * 86_400;
const MOST_PRIORITY = 100;

/**
 * `Idempotency-Key`, `Mayfly-Delay` (seconds), `Mayfly-Order-Key` and `Mayfly-Priority`. Throws "bad-request".
 * @param headers name, value, name, value … @param now wall clock, ms
 */
export function wishesIn(headers: readonly string[], now: number): Wishes {
  const wishes: Wishes = {};
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1]!;
    switch (headers[at]!.toLowerCase()) {
      case "idempotency-key":
        wishes.idempotencyKey = key("Idempotency-Key", value);
        break;
      case "mayfly-order-key":
        wishes.orderKey = key("Mayfly-Order-Key", value);
        break;
      case "mayfly-delay":
        wishes.dueAt = now + Math.round(1_000 * number("Mayfly-Delay", value, 0, MOST_DELAY_S));
        break;
      case "mayfly-priority":
        wishes.priority = Math.round(number("Mayfly-Priority", value, -MOST_PRIORITY, MOST_PRIORITY));
        break;
      default:
    }
  }
  return wishes;
}

/** Whether the caller asks for an answer before its call has run: https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
export function prefersLater(prefer: string | string[] | undefined): boolean {
  return prefer !== undefined && /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(String(prefer));
}

function key(name: string, value: string): string {
  if (value.length === 0 || value.length > MOST_OF_KEY) throw bad(name, `1 to ${MOST_OF_KEY} characters`);
  return value;
}

function number(name: string, value: string, least: number, most: number): number {
  const read = value.trim() === "" ? NaN : Number(value);
  if (!(read >= least && read <= most)) throw bad(name, `a number from ${least} to ${most}`);
  return read;
}

function bad(name: string, what: string): MayflyError {
  return new MayflyError("bad-request", { what: `the header ${name} must be ${what}` });
}
