import type { Command } from "commander";
import { defaultCacheDir } from "../../config/folders.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { type ImageDescription, describeImage, listImages } from "../../images/image.ts";
import { type Column, renderTable } from "../table.ts";
import { showProgress } from "../terminal.ts";
import { ageInWords, bytesInWords } from "../units.ts";

interface Options {
  cache: string;
  json?: true;
}

const columns: Column<ImageDescription>[] = [
  { title: "IMAGE", cell: ({ id }) => id.slice(0, 16) },
  { title: "NODE", cell: ({ nodeVersion }) => nodeVersion },
  { title: "KERNEL", cell: ({ kernelVersion }) => kernelVersion },
  { title: "SIZE", align: "right", cell: ({ size }) => bytesInWords(size.kernel + size.initrd + size.root) },
  { title: "AGE", align: "right", cell: ({ builtAt }) => ageInWords(Date.now() - Date.parse(builtAt)) },
];

export function define(command: Command): void {
  const cache = process.env.MAYFLY_CACHE_DIR ?? defaultCacheDir(process.env);
  command.addHelpText("after", "\nExample:\n  mayfly image build");
  command
    .command("build")
    .description("build the guest image, or find it built: same inputs, same bytes")
    .option("--refresh", "look for newer Debian packages first")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image build --refresh")
    .action(build);
  command
    .command("list")
    .description("list the images in the cache, the newest first")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image list")
    .action(list);
}

async function build(options: Options & { refresh?: true }): Promise<void> {
  const progress = showProgress();
  const image = await ensureImage({ cacheDir: options.cache, progress: progress.step, refresh: options.refresh ?? false });
  progress.done();
  const description = await describeImage(image);
  if (options.json) return console.log(JSON.stringify({ ...description, dir: image.dir }));
  const { nodeVersion, kernelVersion, size } = description;
  console.log(`Image ${image.id}\n  Node ${nodeVersion} on Linux ${kernelVersion}`);
  console.log(
    `  kernel ${bytesInWords(size.kernel)}, initrd ${bytesInWords(size.initrd)}, root ${bytesInWords(size.root)}\n  in ${image.dir}`,
  );
}

async function list(options: Options): Promise<void> {
  const images = await listImages(options.cache);
  if (options.json) return console.log(JSON.stringify({ images }));
  console.log(images.length === 0 ? "No image is built. `mayfly image build` builds one." : renderTable(columns, images));
}
