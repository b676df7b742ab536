import type { Command } from "commander";
import { findBuilt } from "../../../images/builder/build-image.ts";
import { pruneImages } from "../../../images/inventory/prune.ts";
import { bytesInWords } from "../../units.ts";

interface Options {
  cache: string;
  dryRun: boolean;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("prune")
    .description("remove images that nothing uses; the platform's, named ones, and those of templates and running machines stay")
    .option("--dry-run", "only say what would be removed", false)
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image prune --dry-run")
    .action(prune);
}

async function prune({ cache, dryRun, json }: Options): Promise<void> {
  const current = await findBuilt({ cacheDir: cache, modules: ["agent"], progress: () => undefined });
  const { removed, kept } = await pruneImages({ cacheDir: cache, current: current?.id, dryRun });
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
  if (json) return console.log(JSON.stringify({ removed, kept, bytes, dryRun }));
  const lines = removed.map((one) => `  ${one.id.slice(0, 16)}  ${bytesInWords(one.bytes)}`);
  const count = `${removed.length} ${removed.length === 1 ? "image" : "images"}`;
  console.log([`${dryRun ? "Would remove" : "Removed"} ${count}, ${bytesInWords(bytes)}; ${kept.length} stay.`, ...lines].join("\n"));
}
