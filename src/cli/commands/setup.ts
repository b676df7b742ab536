import type { Command } from "commander";
import { loadConfig } from "../../base/config/load.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { commandName } from "../command-name.ts";
import { prepareHost } from "../prepare-host.ts";
import { showProgress } from "../../base/terminal/terminal.ts";
import { createUids } from "../../base/uids/uids.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  command
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nInstalls Debian packages where root, and builds the image; does nothing where all is there.\n\nExample:\n  mayfly setup",
    )
    .action(setup);
}

async function setup(options: { cache?: string; json?: true }): Promise<void> {
  const { cacheDir } = loadConfig({ flags: { cacheDir: options.cache } });
  await prepareHost();
  const progress = showProgress();
  const image = await ensureImage({ cacheDir, uids: createUids(), progress: progress.step }).finally(progress.done);
  console.log(options.json ? asJson("setup", { image: image.id }) : `This host has all that Mayfly needs. Next: ${commandName} demo`);
}
