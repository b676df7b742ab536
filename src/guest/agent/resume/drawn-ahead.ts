/**
 * Uses up the random bytes that node:crypto has drawn ahead, for randomUUID and randomInt, because siblings that were cloned after that have the same ones.
 * Which are left cannot be seen, so that as many are taken as can be there: the next is then from fresh bytes.
 */
// It is imported, because the app's code may have replaced the global.
import { setImmediate } from "node:timers";

/** As many as node:crypto draws at a time. */
const UUIDS = 128;
const INTEGERS = 1_024;
/** With a power of two, every integer takes exactly one portion of the bytes. */
const RANGE = 2 ** 47;
/** Of Node's own modules, the one that draws ahead. */
const DRAWER = "NativeModule internal/crypto/random";

/** After so many rounds V8 has optimised what runs in one: the first takes a hundred times as long. */
const ROUNDS = 6;

/** Before the machine is frozen: so that what each clone does first is compiled already. */
export async function rehearseDrop(): Promise<void> {
  for (let n = 0; n < ROUNDS; n++) {
    dropDrawnAhead();
    // V8 puts what its background threads have compiled in place between two turns.
    await new Promise(setImmediate);
  }
}

export function dropDrawnAhead(): void {
  // A module that no code has loaded has drawn nothing, and takes time to load.
  const { moduleLoadList: loaded } = process as unknown as { moduleLoadList?: string[] };
  if (loaded?.includes(DRAWER) === false) return;
  const { randomInt, randomUUID } = process.getBuiltinModule("node:crypto");
  for (let n = 0; n < UUIDS; n++) randomUUID();
  for (let n = 0; n < INTEGERS; n++) randomInt(RANGE);
}
