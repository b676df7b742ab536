import type { Command } from "commander";
import { cleanSteps } from "../../../images/inventory/clean.ts";
import { bytesInWords } from "../../units.ts";
import { counted } from "../../../base/words/counted.ts";
import { asJson } from "../../as-json.ts";

interface ImageCleanOptions {
  cache: string;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("clean")
    .description("remove the cached steps of builds; images and packages stay")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image clean")
    .action(clean);
}

async function clean({ cache, json }: ImageCleanOptions): Promise<void> {
  const { steps, bytes } = await cleanSteps(cache);
  if (json) return console.log(asJson("image clean", { steps, bytes }));
  console.log(`Removed ${counted(steps, "step")}; ${bytesInWords(bytes)} that nothing else shared.`);
}
