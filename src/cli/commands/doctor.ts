import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import type { Config } from "../../base/config/schema.ts";
import { createDriver, driverOf, selectableDrivers } from "../../machines/drivers.ts";
import { createQemuHost } from "../../machines/host/qemu/qemu-host.ts";
import { createUids } from "../../base/uids/uids.ts";
import { doctor } from "../../setup/doctor.ts";
import { ExitCode } from "../exit-codes.ts";
import { dim, green, red, showProgress } from "../../base/terminal/terminal.ts";
import type { Finding } from "../../setup/finding.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  command
    .option("--cache <dir>", "cache folder (or MAYFLY_CACHE_DIR)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nTries each driver for real, within 30 s. Ends with 3 if a part is missing.\n\nExample:\n  mayfly doctor")
    .action(examine);
}

async function examine(options: { cache?: string; json?: true }): Promise<void> {
  const config = loadConfig({ flags: { cacheDir: options.cache } });
  const findings = [...(await doctor(config)), ...(await tryDrivers(config))];
  console.log(options.json ? asJson("doctor", { findings }) : findings.map(inWords).join("\n"));
  if (findings.some(({ ok }) => !ok)) process.exitCode = ExitCode.MissingPart;
}

async function tryDrivers(config: Config): Promise<Finding[]> {
  const progress = showProgress();
  const runDir = mkdtempSync(join(tmpdir(), "mayfly-doctor-"));
  const findings: Finding[] = [];
  const { cacheDir, osvKernel } = config;
  const uids = createUids();
  const qemuHost = createQemuHost({ cacheDir, jailDir: runDir, uids });
  for (const name of selectableDrivers) {
    progress.step(`trying the driver ${name}`);
    // The configured kernel belongs to the configured driver; every other driver is tried with its default kernel.
    const kernel = name === driverOf(config.driver) ? config.kernel : "linux";
    const driver = await createDriver(name, {
      cacheDir,
      runDir,
      qemuHost,
      uids,
      clock: systemClock,
      progress: progress.step,
      kernel,
      osvKernel,
    });
    const probe = await driver.probe();
    await driver.close();
    const part = `driver ${name}`;
    findings.push(probe.ok ? { part, ok: true, detail: probe.detail } : { part, ok: false, detail: probe.reason, cure: probe.cure });
  }
  await qemuHost.close();
  progress.done();
  rmSync(runDir, { recursive: true, force: true });
  return findings;
}

function inWords({ part, ok, detail, cure }: Finding): string {
  const line = `${ok ? green("ok     ") : red("missing")}  ${part.padEnd(20)}  ${detail}`;
  return cure === undefined ? line : `${line}\n${" ".repeat(31)}${dim(ok ? cure : `cure: ${cure}`)}`;
}
