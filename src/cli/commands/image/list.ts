import type { Command } from "commander";
import { type ImageDescription, listImages } from "../../../images/image.ts";
import { type Column, renderTable } from "../../table.ts";
import { ageInWords, bytesInWords } from "../../units.ts";

interface Options {
  cache: string;
  json?: true;
}

const columns: Column<ImageDescription>[] = [
  { title: "IMAGE", cell: ({ id }) => id.slice(0, 16) },
  { title: "NODE", cell: ({ nodeVersion }) => nodeVersion ?? "" },
  { title: "KERNEL", cell: ({ kernelVersion }) => kernelVersion },
  { title: "SIZE", align: "right", cell: ({ size }) => bytesInWords(size.kernel + size.initrd + size.root) },
  { title: "AGE", align: "right", cell: ({ builtAt }) => ageInWords(Date.now() - Date.parse(builtAt)) },
];

export function define(image: Command, cache: string): void {
  image
    .command("list")
    .description("list the images in the cache, the newest first")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image list")
    .action(list);
}

async function list(options: Options): Promise<void> {
  const images = await listImages(options.cache);
  if (options.json) return console.log(JSON.stringify({ images }));
  console.log(images.length === 0 ? "No image is built. `mayfly image build` builds one." : renderTable(columns, images));
}
