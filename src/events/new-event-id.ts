/** Ids of events. They are UUIDs of version 7, which begin with the time: new ones come one after the other in the index. */
import { randomBytes } from "node:crypto";

let last = 0;
let pool = Buffer.alloc(0);
let used = 0;

export function newId(now = Date.now()): string {
  if (used + 10 > pool.length) {
    pool = randomBytes(2_560);
    used = 0;
  }
  last = Math.max(last, now);
  const random = pool.subarray(used, (used += 10));
  const time = last.toString(16).padStart(12, "0");
  const rest = random.toString("hex");
  const variant = ((random[2]! & 0x3f) | 0x80).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(6, 8)}-${rest.slice(8)}`;
}
