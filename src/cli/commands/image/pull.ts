import type { Command } from "commander";
import { loadConfig } from "../../../base/config/load.ts";
import { checkName, nameImage } from "../../../images/inventory/names.ts";
import { pullImage } from "../../../images/store/pull-image.ts";
import { parseBytes } from "../../parse.ts";
import { showProgress } from "../../../base/terminal/terminal.ts";
import { transferInWords } from "./push.ts";
import { openStore } from "../../../images/store/open-store.ts";
import { asJson } from "../../as-json.ts";

export function define(image: Command, cache: string): void {
  image
    .command("pull")
    .description("fetch an image from a store; only parts that are missing here are downloaded, and all are checked")
    .argument("<name>", "the name under which the image was pushed, or its whole id")
    .argument("<store>", "a folder, or an http(s) address")
    .option("--max-size <size>", "refuse a larger image, for example 2G; default: the setting maxImageMb", parseBytes)
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nAn id says which bytes must come; for a name, the store is trusted.\n\nExample:\n  mayfly image pull notes https://images.example.com/mayfly",
    )
    .action(pull);
}

interface ImagePullOptions {
  maxSize?: number;
  cache: string;
  json?: true;
}

async function pull(name: string, place: string, { maxSize, cache: cacheDir, json }: ImagePullOptions): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(name)) checkName(name);
  const mostBytes = maxSize ?? loadConfig({}).maxImageMb * 2 ** 20;
  const progress = showProgress();
  const transfer = await pullImage({ cacheDir, name, store: openStore(place), mostBytes, progress: progress.step }).finally(progress.done);
  if (name !== transfer.id) await nameImage(cacheDir, name, transfer.id);
  console.log(json ? asJson("image pull", { ...transfer, name }) : `${name} (${transferInWords(transfer)}`);
}
