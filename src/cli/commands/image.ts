import type { Command } from "commander";
import { defaultCacheDir } from "../../config/folders.ts";
import * as build from "./image/build.ts";
import * as exportOne from "./image/export.ts";
import * as list from "./image/list.ts";

/** One file a subcommand; each gets the folder of images. */
const subcommands = [build, list, exportOne];

export function define(command: Command): void {
  const cache = process.env.MAYFLY_CACHE_DIR ?? defaultCacheDir(process.env);
  command.addHelpText("after", "\nExample:\n  mayfly image build");
  for (const { define: defineOne } of subcommands) defineOne(command, cache);
}
