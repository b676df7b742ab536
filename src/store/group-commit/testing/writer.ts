/** A process that adds numbers until it is killed, and prints each one that it was told is stored. */
import { writeSync } from "node:fs";
import { openGroupCommit } from "../open-group-commit.ts";
import type { CountingOperations } from "./counting-engine.ts";

const module = new URL("counting-engine.ts", import.meta.url);
const commit = await openGroupCommit<CountingOperations>({
  file: process.argv[2]!,
  module,
  onFailure: (error) => console.error(error),
});
let next = 0;
async function add(): Promise<void> {
  for (;;) writeSync(1, `${await commit.run("add", { number: next++ })}\n`);
}
await Promise.all(Array.from({ length: 20 }, add));
