import type { Command } from "commander";
import { type ImageDescription, listImages } from "../../../images/image.ts";
import { namesById } from "../../../images/inventory/names.ts";
import { type OsvImageDescription, listOsvImages } from "../../../images/osv/osv-image.ts";
import { type Column, renderTable } from "../../../base/terminal/table.ts";
import { ageInWords, bytesInWords } from "../../units.ts";
import { asJson } from "../../as-json.ts";

interface ImageListOptions {
  cache: string;
  json?: true;
}

interface Row {
  id: string;
  names: string[];
  modules: string;
  kernelVersion: string;
  size: Record<string, number>;
  builtAt: string;
}

const columns: Column<Row>[] = [
  { title: "IMAGE", cell: ({ id }) => id.slice(0, 16) },
  { title: "NAME", cell: ({ names }) => names.join(", ") },
  { title: "MODULES", cell: ({ modules }) => modules },
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

async function list(options: ImageListOptions): Promise<void> {
  const names = await namesById(options.cache);
  const images = (await listImages(options.cache)).map((image) => Object.assign(image, { names: names.get(image.id) ?? [] }));
  const osvImages = await listOsvImages(options.cache);
  if (options.json) return console.log(asJson("image list", { images, osvImages }));
  const rows = [...images.map(linuxRow), ...osvImages.map(osvRow)];
  console.log(rows.length === 0 ? "No image is built. `mayfly image build` builds one." : renderTable(columns, rows));
}

/** Modules that all images contain are left out, because they tell nothing. */
const everywhere = new Set(["kernel-linux", "base"]);

function linuxRow({ modules, ...image }: ImageDescription & { names: string[] }): Row {
  const shown = modules
    .filter(({ name }) => !everywhere.has(name))
    .map(({ name, version }) => (version === null ? name : `${name} ${version}`));
  return { ...image, modules: shown.join(", ") };
}

function osvRow({ id, runtime, nodeVersion, size, builtAt }: OsvImageDescription): Row {
  const modules = runtime === "node" ? `node ${nodeVersion}, agent` : `${runtime}, agent-${runtime}`;
  return { id, names: [], modules, kernelVersion: "OSv", size, builtAt };
}
