import { createInterface } from "node:readline/promises";
import { MayflyError } from "../base/errors/error.ts";

/** Asks before something is removed. Throws "not-done" if the answer is not yes, or nobody can be asked. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new MayflyError("not-done", { what: "standard input is not a terminal, so nobody can confirm this; add --yes" });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new MayflyError("not-done", { what: "the removal was not confirmed" });
}
