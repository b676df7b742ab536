/** What `demo`, `test` and `bench` do first: install what this host lacks. Says nothing where nothing is to do. */
import { ensureParts } from "../setup/ensure-parts.ts";
import { type Part, requiredParts } from "../setup/required-parts.ts";
import { showProgress } from "../base/terminal/terminal.ts";

/** @param more parts that only this command needs */
export async function prepareHost(more: Part[] = []): Promise<void> {
  const progress = showProgress();
  await ensureParts(progress.step, { parts: [...requiredParts, ...more] }).finally(progress.done);
}
