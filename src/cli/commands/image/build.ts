import { type Command, Option } from "commander";
import { ensureImage } from "../../../images/ensure-image.ts";
import { describeImage } from "../../../images/image.ts";
import { showProgress } from "../../terminal.ts";
import { bytesInWords } from "../../units.ts";
import { buildOsv } from "./build-osv.ts";

interface Options {
  cache: string;
  kernel: "linux" | "osv";
  osvKernel?: string;
  refresh?: true;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("build")
    .description("build the guest image, or find it built: same inputs, same bytes")
    .addOption(new Option("--kernel <name>", "what it starts with").choices(["linux", "osv"]).default("linux"))
    .option("--osv-kernel <file>", "OSv's loader.elf (or MAYFLY_OSV_KERNEL); docs/osv.md says where to get it")
    .option("--refresh", "look for newer Debian packages first")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image build --refresh")
    .action(build);
}

async function build(options: Options): Promise<void> {
  const { cache, kernel, osvKernel, refresh = false, json = false } = options;
  if (kernel === "osv") return buildOsv({ cacheDir: cache, refresh, osvKernel, json });
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
