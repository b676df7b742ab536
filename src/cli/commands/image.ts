import type { Command } from "commander";
import { defaultCacheDir } from "../../base/config/folders.ts";
import { openCacheFolder } from "../../store/state-folder/open-folders.ts";
import * as build from "./image/build.ts";
import * as check from "./image/check.ts";
import * as clean from "./image/clean.ts";
import * as diff from "./image/diff.ts";
import * as exportOne from "./image/export.ts";
import * as inspect from "./image/inspect.ts";
import * as list from "./image/list.ts";
import * as pull from "./image/pull.ts";
import * as push from "./image/push.ts";
import * as prune from "./image/prune.ts";

/** Each subcommand has a file of its own, and receives the folder of images. */
const subcommands = [build, list, inspect, diff, check, exportOne, push, pull, clean, prune];

/** Subcommands that write to the cache folder. */
const writing = new Set(["build", "check", "export", "pull"]);

export function define(command: Command): void {
  const cache = process.env.MAYFLY_CACHE_DIR ?? defaultCacheDir(process.env);
  command.addHelpText("after", "\nExample:\n  mayfly image build");
  for (const { define: defineOne } of subcommands) defineOne(command, cache);
  command.hook("preAction", (_command, action) => {
    if (writing.has(action.name())) openCacheFolder(action.opts<{ cache: string }>().cache);
  });
}
