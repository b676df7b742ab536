import { type Command, Option } from "commander";
import { buildImage } from "../../../images/builder/build-image.ts";
import { describeImage, type ImageDescription } from "../../../images/image.ts";
import { checkName, nameImage } from "../../../images/inventory/names.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import { showProgress } from "../../../base/terminal/terminal.ts";
import { bytesInWords } from "../../units.ts";
import { buildOsv } from "./build-osv.ts";
import { createUids } from "../../../base/uids/uids.ts";
import { asJson } from "../../as-json.ts";

interface ImageBuildOptions {
  cache: string;
  kernel: "linux" | "osv";
  osvKernel?: string;
  name?: string;
  refresh?: true;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("build")
    .description("build an image of modules, or find it built: same inputs, same bytes")
    .argument("[modules]", "built-in ones, or folders, with commas between them; default: the image that machines start from")
    .option("--name <name>", "a name for it, instead of its id; an image with a name is never pruned")
    .addOption(new Option("--kernel <name>", "what it starts with").choices(["linux", "osv"]).default("linux"))
    .option("--osv-kernel <file>", "OSv's loader.elf (or MAYFLY_OSV_KERNEL); docs/osv.md says where to get it")
    .option("--refresh", "look for newer Debian and npm packages first")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly image build\n  mayfly image build java,./my-module --name shop\n  mayfly image build --refresh",
    )
    .action(build);
}

async function build(modules: string | undefined, options: ImageBuildOptions): Promise<void> {
  const { cache, kernel, osvKernel, name, refresh = false, json = false } = options;
  if (kernel === "osv") {
    if (modules !== undefined || name !== undefined)
      throw new MayflyError("bad-request", { what: "--kernel osv builds the image that machines start from, and no other" });
    return buildOsv({ cacheDir: cache, refresh, osvKernel, json });
  }
  if (name !== undefined) checkName(name);
  const progress = showProgress();
  const asked = modules === undefined ? ["agent"] : modules.split(",").filter((one) => one !== "");
  const image = await buildImage({ cacheDir: cache, uids: createUids(), modules: asked, refresh, progress: progress.step }).finally(
    progress.done,
  );
  if (name !== undefined) await nameImage(cache, name, image.id);
  const description = await describeImage(image);
  console.log(json ? asJson("image build", { ...description, name: name ?? null, dir: image.dir }) : inWords(description, name, image.dir));
}

function inWords({ id, modules, kernelVersion, size }: ImageDescription, name: string | undefined, dir: string): string {
  const made = modules.map((module) => (module.version === null ? module.name : `${module.name} ${module.version}`)).join(", ");
  return [
    `Image ${id}${name === undefined ? "" : `, named ${name}`}`,
    `  ${made}; Linux ${kernelVersion}`,
    `  kernel ${bytesInWords(size.kernel)}, initrd ${bytesInWords(size.initrd)}, root ${bytesInWords(size.root)}`,
    `  in ${dir}`,
  ].join("\n");
}
