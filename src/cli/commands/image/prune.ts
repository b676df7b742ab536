import { join } from "node:path";
import type { Command } from "commander";
import { imagesOfAppliances } from "../../../appliances/definitions.ts";
import { defaultStateDir } from "../../../base/config/folders.ts";
import { findBuilt } from "../../../images/builder/build-image.ts";
import { giveUpName } from "../../../images/inventory/names.ts";
import { pruneImages } from "../../../images/inventory/prune.ts";
import { bytesInWords } from "../../units.ts";
import { counted } from "../../../base/words/counted.ts";
import { createUids } from "../../../base/uids/uids.ts";
import { asJson } from "../../as-json.ts";

interface ImagePruneOptions {
  cache: string;
  state: string;
  dryRun: boolean;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("prune")
    .description(
      "remove images that nothing uses; the platform's, named ones, and those of appliances, templates and running machines stay",
    )
    .argument("[names...]", "names to give up first, so that their images may be removed as well")
    .option("--dry-run", "only show what would be removed; names are kept", false)
    .option(
      "--state <dir>",
      "whose appliances keep their images (or MAYFLY_STATE_DIR)",
      process.env.MAYFLY_STATE_DIR ?? defaultStateDir(process.env),
    )
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  mayfly image prune --dry-run\n  mayfly image prune old-shop")
    .action(prune);
}

async function prune(names: string[], { cache, state, dryRun, json }: ImagePruneOptions): Promise<void> {
  if (!dryRun) for (const name of names) await giveUpName(cache, name);
  const current = await findBuilt({ cacheDir: cache, uids: createUids(), modules: ["agent"], progress: () => undefined });
  // `mayfly demo` keeps a state folder inside the default one.
  const keep = [state, join(state, "demo")].flatMap(imagesOfAppliances);
  const { removed, kept } = await pruneImages({ cacheDir: cache, current: current?.id, keep, dryRun });
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
  if (json) return console.log(asJson("image prune", { removed, kept, bytes, dryRun }));
  const lines = removed.map((one) => `  ${one.id.slice(0, 16)}  ${bytesInWords(one.bytes)}`);
  console.log(
    [
      `${dryRun ? "Would remove" : "Removed"} ${counted(removed.length, "image")}, ${bytesInWords(bytes)}; ${kept.length} stay.`,
      ...lines,
    ].join("\n"),
  );
}
