/** Tells what its initialisation drew, and draws more. */
import crypto, { randomInt, randomUUID } from "node:crypto";

declare const mayfly: { registerBeforeSnapshot(hook: () => unknown): void; registerAfterRestore(hook: () => unknown): void };

console.log("initialising");
const atStart = [randomUUID(), randomInt(2 ** 40), Math.random()].join();
let hooks = "";
mayfly.registerBeforeSnapshot(() => (hooks += "before "));
mayfly.registerAfterRestore(async () => {
  await Promise.resolve();
  if (process.env["FAILS"] !== undefined) throw new Error("no way on");
  hooks += "after";
});

export const handler = async () => ({
  atStart,
  hooks,
  word: process.env["WORD"],
  now: Date.now(),
  drawn: [
    randomUUID(),
    globalThis.crypto.randomUUID(),
    randomInt(2 ** 47),
    Math.random(),
    crypto.randomBytes(12).toString("hex"),
    String(globalThis.crypto.getRandomValues(new Uint8Array(9))),
  ],
});
