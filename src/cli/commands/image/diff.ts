import type { Command } from "commander";
import { findImage } from "../../../images/find-image.ts";
import { type Change, diffImages, type ImageDiff } from "../../../images/inventory/diff-images.ts";
import { bold, green, harmless, red } from "../../../base/terminal/terminal.ts";
import { asJson } from "../../as-json.ts";

interface ImageDiffOptions {
  cache: string;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("diff")
    .description("show what differs between two images: modules, packages, files")
    .argument("<from>", "its name, the beginning of its id, or latest")
    .argument("<to>", "the other one")
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly image diff shop latest")
    .action(diff);
}

async function diff(from: string, to: string, { cache, json }: ImageDiffOptions): Promise<void> {
  const found = await diffImages(await findImage(cache, from), await findImage(cache, to));
  console.log(json ? asJson("image diff", found) : inWords(found));
}

function inWords({ parts, packages, files }: ImageDiff): string {
  const groups: [string, Change[]][] = [
    ["Parts", parts],
    ["Packages", packages],
    ["Files", files],
  ];
  const shown = groups
    .filter(([, changes]) => changes.length > 0)
    .map(([title, changes]) => [bold(title), ...changes.map((change) => line(harmlessly(change)))].join("\n"));
  return shown.length === 0 ? "They are the same." : shown.join("\n\n");
}

/** File names and commands come from the image, so they are escaped for the terminal. */
function harmlessly({ what, from, to }: Change): Change {
  return { what: harmless(what), ...(from !== undefined && { from: harmless(from) }), ...(to !== undefined && { to: harmless(to) }) };
}

function line({ what, from, to }: Change): string {
  if (from === undefined) return green(`  + ${what}: ${to}`);
  if (to === undefined) return red(`  - ${what}: ${from}`);
  return from === to ? `  ~ ${what}: other content, ${to}` : `  ~ ${what}: ${from} → ${to}`;
}
