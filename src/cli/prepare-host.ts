/** The first step of `demo`, `test` and `bench`: installs what this host lacks. Prints nothing if nothing is missing. */
import { ensureParts } from "../setup/ensure-parts.ts";
import { type Part, requiredParts } from "../setup/required-parts.ts";
import { showProgress } from "../base/terminal/terminal.ts";

/** @param more parts that only this command needs */
export async function prepareHost(more: Part[] = []): Promise<void> {
  const progress = showProgress();
  await ensureParts(progress.step, { parts: [...requiredParts, ...more] }).finally(progress.done);
}
