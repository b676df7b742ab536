import type { Command } from "commander";
import { findImage } from "../../../images/find-image.ts";
import { checkName } from "../../../images/inventory/names.ts";
import { pushImage, type Transfer } from "../../../images/store/push-image.ts";
import { showProgress } from "../../../base/terminal/terminal.ts";
import { bytesInWords } from "../../units.ts";
import { counted } from "../../../base/words/counted.ts";
import { openStore } from "../../../images/store/open-store.ts";
import { asJson } from "../../as-json.ts";

export function define(image: Command, cache: string): void {
  image
    .command("push")
    .description("put an image into a store: a folder, or a web server that accepts PUT; only parts that the store lacks are sent")
    .argument("<image>", "its name, the beginning of its id, or latest")
    .argument("<store>", "a folder, or an http(s) address")
    .option("--name <name>", "the image's name in the store; default: the name or id given")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image push notes /srv/www/images")
    .action(push);
}

async function push(asked: string, place: string, options: { name?: string; cache: string; json?: true }): Promise<void> {
  const { cache: cacheDir, json } = options;
  const image = await findImage(cacheDir, asked);
  const name = options.name ?? (image.id.startsWith(asked) || asked === "latest" ? image.id : asked);
  if (name !== image.id) checkName(name);
  const progress = showProgress();
  const transfer = await pushImage({ cacheDir, image, name, store: openStore(place), progress: progress.step }).finally(progress.done);
  console.log(json ? asJson("image push", { ...transfer, name }) : `${name} (${transferInWords(transfer)}`);
}

export function transferInWords({ id, chunks, bytes }: Transfer): string {
  return `image ${id.slice(0, 16)}): ${chunks.moved} of ${counted(chunks.all, "part")} moved, ${bytesInWords(bytes.moved)} for an image of ${bytesInWords(bytes.all)}`;
}
