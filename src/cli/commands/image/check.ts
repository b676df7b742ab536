import type { Command } from "commander";
import { checkImage, type CheckResult } from "../../../image-check/check-image.ts";
import { createUids } from "../../../base/uids/uids.ts";
import { findImage } from "../../../images/find-image.ts";
import { ExitCode } from "../../exit-codes.ts";
import { parseCount } from "../../parse.ts";
import { green, harmless, red, showProgress } from "../../../base/terminal/terminal.ts";
import { millisecondsInWords } from "../../units.ts";
import { counted } from "../../../base/words/counted.ts";
import { asJson } from "../../as-json.ts";

interface ImageCheckOptions {
  cache: string;
  memory: number;
  timeout: number;
  json?: true;
}

export function define(image: Command, cache: string): void {
  image
    .command("check")
    .description("boot an image in QEMU and run the tests of its modules there")
    .argument("<image>", "its name, the beginning of its id, or latest")
    .option("--memory <MB>", "the machine's memory", parseCount(64, 1_048_576), 512)
    .option("--timeout <seconds>", "for the boot and all tests", parseCount(1, 86_400), 300)
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)", cache)
    .option("--json", "print JSON")
    .addHelpText("after", "\nEnds with 1 if a test fails.\n\nExample:\n  mayfly image check latest")
    .action(check);
}

async function check(name: string, { cache, memory, timeout, json }: ImageCheckOptions): Promise<void> {
  const image = await findImage(cache, name);
  const progress = showProgress();
  progress.step(`booting ${image.id.slice(0, 16)}`);
  const result = await checkImage(image, { memoryMb: memory, timeoutMs: timeout * 1_000, uids: createUids() }).finally(progress.done);
  console.log(json ? asJson("image check", { image: image.id, ...result }) : inWords(result));
  if (!result.ok) process.exitCode = ExitCode.Failed;
}

function inWords({ ok, tookMs, tests }: CheckResult): string {
  const lines = tests.map(
    (test) => `  ${test.ok ? green("✓") : red("✗")} ${test.module}: ${test.test}${test.ok ? "" : `\n      ${harmless(test.what)}`}`,
  );
  const failed = tests.filter((test) => !test.ok).length;
  return [...lines, ok ? `All passed, in ${millisecondsInWords(tookMs)}.` : `${failed} of ${counted(tests.length, "test")} failed.`].join(
    "\n",
  );
}
