import type { Command } from "commander";
import { Option } from "commander";
import { type Exported, exportImage } from "../../../images/export/export-image.ts";
import { type Format, formats } from "../../../images/export/formats.ts";
import { findImage } from "../../../images/find-image.ts";
import { parseBytes, parseCount, parseVariable } from "../../parse.ts";
import { showProgress } from "../../../base/terminal/terminal.ts";
import { bytesInWords } from "../../units.ts";
import { asJson } from "../../as-json.ts";

interface ImageExportOptions {
  format: Format;
  output?: string;
  size?: number;
  env?: Record<string, string>;
  data?: string;
  osvLoader?: string;
  memory: number;
  vcpus: number;
  cache: string;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("export")
    .description("write an image as a disk that starts by itself, in any hypervisor")
    .argument("<image>", "its name, the beginning of its id, or latest")
    .argument("[command...]", "the command to run instead of the image's own")
    .addOption(new Option("--format <format>", "of the disk").choices(formats).default("raw"))
    .option("-o, --output <file>", "default: the image's name with the format's ending, in this folder")
    .option("--size <size>", "size of the disk as its guest sees it, for example 2G; default: as small as possible", parseBytes)
    .option("--env <name[=value]>", "an environment variable, readable for whoever has the disk; may be repeated", parseVariable)
    .option("--data <path>", "keep what is written below this path, on the rest of the disk")
    .option("--osv-loader <file>", "OSv's own boot image (loader.img): the disk runs OSv instead of Linux")
    .option("--memory <MB>", "the memory that an OVA requests", parseCount(64, 1_048_576), 512)
    .option("--vcpus <count>", "the vCPUs that an OVA requests", parseCount(1, 256), 1)
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly image export notes --format qcow2 --size 2G --data /data\n  mayfly image export latest -- /bin/node -e 'console.log(1)'",
    )
    .action(run);
}

async function run(name: string, command: string[], { json, cache, memory, size, data, ...options }: ImageExportOptions): Promise<void> {
  const progress = showProgress();
  const exported = await exportImage({
    ...options,
    image: await findImage(cache, name),
    command: command.length === 0 ? undefined : command,
    output: options.output ?? defaultOutput(name, options.format),
    size,
    dataPath: data,
    memoryMb: memory,
    cacheDir: cache,
    progress: progress.step,
  }).finally(progress.done);
  console.log(json ? asJson("image export", exported) : inWords(exported));
}

/** Google accepts any name that ends in .tar.gz. */
function defaultOutput(name: string, format: Format): string {
  return `${name.replaceAll("/", "-")}.${format === "gce" ? "tar.gz" : format}`;
}

function inWords({ path, format, bytes, fileBytes }: Exported): string {
  const tryIt =
    format === "gce" || format === "ova" ? "" : `\n  try it: qemu-system-x86_64 -m 512 -nographic -drive file=${path},format=${format}`;
  return `${path}\n  ${format}, a disk of ${bytesInWords(bytes)} (${bytes} bytes) in a file of ${bytesInWords(fileBytes)}${tryIt}`;
}
