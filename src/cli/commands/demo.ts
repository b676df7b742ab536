import type { Command } from "commander";
import { loadConfig } from "../../base/config/load.ts";
import type { Config } from "../../base/config/schema.ts";
import { startMayfly } from "../../main.ts";
import { demoStateDir } from "../connection.ts";
import { addressOrAnyPort } from "../free-address.ts";
import { prepareHost } from "../prepare-host.ts";
import { closeOnSignal } from "../signals.ts";
import { playStory, storyInWords } from "../story.ts";
import { showProgress } from "../../base/terminal/terminal.ts";
import { asJson } from "../as-json.ts";

interface DemoOptions {
  driver?: string;
  kernel?: string;
  osvKernel?: string;
  once?: true;
  json?: true;
}

export function define(command: Command): void {
  command
    .option("--driver <name>", "auto, qemu, gvisor or process (which isolates nothing)")
    .option("--kernel <name>", "linux or osv: what runs in the machines of the driver qemu")
    .option("--osv-kernel <file>", "OSv's kernel, loader.elf")
    .option("--once", "end after the first calls instead of staying up")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nKeeps its state in a folder of its own, so that it is safe beside a real server. Ctrl-C ends it.\n\nExample:\n  mayfly demo",
    )
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  await prepareHost();
  const config = await demoConfig(options);
  const progress = showProgress();
  const running = await startMayfly(config, { progress: progress.step }).catch((error: unknown) => {
    progress.done();
    throw error;
  });
  // Closing waits for the story to end: if the process exits in the middle of a bundle, esbuild prints the stacks of its threads.
  const told = Promise.withResolvers<void>();
  const closing = options.once ? undefined : closeOnSignal({ close: () => running.close().then(() => told.promise) });
  try {
    const story = await playStory(running, progress.step).finally(() => {
      progress.done();
      told.resolve();
    });
    console.log(options.json ? asJson("demo", story) : storyInWords(story, !options.once));
  } catch (error) {
    await running.close();
    // Ctrl-C ended the platform during the story, which is not a failure.
    if (closing?.aborted) return;
    throw error;
  }
  if (options.once) await running.close();
  else if (!options.json) console.log("\nIt stays up until Ctrl-C.");
}

/**
 * The demo keeps no blanks, so that the first call shows the cost of a start, and a fixed idle time instead of the learned policy, so that
 * all later calls share one machine.
 */
async function demoConfig({ driver, kernel, osvKernel }: DemoOptions): Promise<Config> {
  const stateDir = demoStateDir();
  const { listen, api } = loadConfig({ flags: { stateDir } });
  const free = { listen: await addressOrAnyPort(listen), api: await addressOrAnyPort(api) };
  return loadConfig({ flags: { driver, kernel, osvKernel, stateDir, ...free, blanks: 0, idleMs: 600_000, logLevel: "warn" } });
}
