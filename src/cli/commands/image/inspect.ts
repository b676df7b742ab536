import type { Command } from "commander";
import { findImage } from "../../../images/find-image.ts";
import type { ModuleRecord, PackageRecord } from "../../../images/image.ts";
import { type Inspection, inspectImage } from "../../../images/inventory/inspect-image.ts";
import { parseCount } from "../../parse.ts";
import { type Column, renderTable } from "../../../base/terminal/table.ts";
import { bold, harmless } from "../../../base/terminal/terminal.ts";
import { bytesInWords } from "../../units.ts";
import { asJson } from "../../as-json.ts";

interface ImageInspectOptions {
  cache: string;
  largest: number;
  json?: true;
}

const moduleColumns: Column<ModuleRecord>[] = [
  { title: "MODULE", cell: ({ name }) => name },
  { title: "VERSION", cell: ({ version }) => version ?? "" },
  { title: "FILES", align: "right", cell: ({ files }) => String(files) },
  { title: "SIZE", align: "right", cell: ({ bytes }) => bytesInWords(bytes) },
  { title: "WHAT", cell: ({ description }) => description },
];

const packageColumns: Column<PackageRecord>[] = [
  { title: "PACKAGE", cell: ({ name }) => name },
  { title: "VERSION", cell: ({ version }) => version },
  { title: "FROM", cell: ({ from }) => from },
  { title: "FOR", cell: ({ module }) => module },
  { title: "SIZE", align: "right", cell: ({ bytes }) => (bytes === 0 ? "" : bytesInWords(bytes)) },
];

const fileColumns: Column<{ path: string; bytes: number }>[] = [
  { title: "LARGEST FILES", cell: ({ path }) => harmless(path) },
  { title: "SIZE", align: "right", cell: ({ bytes }) => bytesInWords(bytes) },
];

export function define(image: Command, cache: string): void {
  image
    .command("inspect")
    .description("show what an image is made of, and what takes the most room")
    .argument("<image>", "its name, the beginning of its id, or latest")
    .option("--largest <count>", "how many of the largest files", parseCount(0, 1_000), 10)
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image inspect latest")
    .action(inspect);
}

async function inspect(name: string, { cache, largest, json }: ImageInspectOptions): Promise<void> {
  const found = await inspectImage(cache, await findImage(cache, name), largest);
  console.log(json ? asJson("image inspect", found) : inWords(found));
}

function inWords(found: Inspection): string {
  const { id, names, size, kernelVersion, run, modules, packages, largest, dir } = found;
  const runs = run === null ? "Mayfly's agent" : harmless(run.command.join(" "));
  return [
    `${bold(`Image ${id}`)}${names.length === 0 ? "" : `, named ${names.join(", ")}`}`,
    `  runs     ${runs}`,
    `  kernel   Linux ${kernelVersion}, ${bytesInWords(size.kernel)}; initrd ${bytesInWords(size.initrd)}`,
    `  root     ${bytesInWords(size.root)}`,
    `  in       ${dir}`,
    "",
    renderTable(moduleColumns, modules),
    "",
    renderTable(packageColumns, packages),
    ...(largest.length === 0 ? [] : ["", renderTable(fileColumns, largest)]),
  ].join("\n");
}
