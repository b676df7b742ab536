import type { Command } from "commander";
import { listImages } from "../../../images/image.ts";
import { type OsvImageDescription, listOsvImages } from "../../../images/osv/osv-image.ts";
import { type Column, renderTable } from "../../table.ts";
import { ageInWords, bytesInWords } from "../../units.ts";

interface Options {
  cache: string;
  json?: true;
}

interface Row {
  id: string;
  nodeVersion: string | null;
  kernelVersion: string;
  size: Record<string, number>;
  builtAt: string;
}

const columns: Column<Row>[] = [
  { title: "IMAGE", cell: ({ id }) => id.slice(0, 16) },
  { title: "NODE", cell: ({ nodeVersion }) => nodeVersion ?? "" },
  { title: "KERNEL", cell: ({ kernelVersion }) => kernelVersion },
  { title: "SIZE", align: "right", cell: ({ size }) => bytesInWords(Object.values(size).reduce((sum, bytes) => sum + bytes)) },
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

function osvRow({ id, nodeVersion, size, builtAt }: OsvImageDescription): Row {
  return { id, nodeVersion, kernelVersion: "OSv", size, builtAt };
}

async function list(options: Options): Promise<void> {
  const [images, osvImages] = await Promise.all([listImages(options.cache), listOsvImages(options.cache)]);
  if (options.json) return console.log(JSON.stringify({ images, osvImages }));
  const rows: Row[] = [...images, ...osvImages.map(osvRow)];
  console.log(rows.length === 0 ? "No image is built. `mayfly image build` builds one." : renderTable(columns, rows));
}
