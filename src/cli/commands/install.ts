import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../base/config/load.ts";
import type { Config } from "../../base/config/schema.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { refuseHiddenPlaces } from "../../setup/hidden-places.ts";
import { unitText } from "../../setup/unit.ts";
import { openCacheFolder, openStateFolder } from "../../store/state-folder/open-folders.ts";
import { projectDir } from "../run-tool.ts";
import { asJson } from "../as-json.ts";

interface InstallOptions {
  print?: true;
  config?: string;
  state?: string;
  cache?: string;
  json?: true;
}

const file = "/etc/systemd/system/mayfly.service";

export function define(command: Command): void {
  command
    .option("--print", "only show the unit")
    .option("--config <file>", "settings in JSON, for the service")
    .option("--state <dir>", "state folder")
    .option("--cache <dir>", "cache folder")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWrites a systemd unit, and starts nothing. docs/running.md has what it protects.\n\nExample:\n  mayfly install --config /etc/mayfly.json",
    )
    .action(install);
}

function install({ print, config, state, cache, json }: InstallOptions): void {
  // Settings with which the service could not start are reported now.
  const settings = loadConfig({ flags: { stateDir: state, cacheDir: cache }, file: config });
  const { stateDir, cacheDir, runDir } = settings;
  refuseHiddenPlaces(neededPlaces(settings, config));
  const flags = config === undefined ? [] : ["--config", resolve(config)];
  const unit = unitText({ program: join(projectDir, "mayfly"), flags, stateDir, cacheDir, runDir, folder: projectDir });
  if (print) return console.log(json ? asJson("install", { file, unit }) : unit.trimEnd());
  if (process.getuid?.() !== 0) {
    const cure = "Run it with sudo, or see what it would write: mayfly install --print";
    throw new MayflyError("missing-part", {
      part: "the right to write to /etc/systemd/system",
      reason: "Mayfly does not run as root",
      cure,
    });
  }
  // The systemd unit allows the server to write only to these folders, so both must exist before it starts.
  openStateFolder(stateDir);
  openCacheFolder(cacheDir);
  writeFileSync(file, unit, { mode: 0o644 });
  const next = ["systemctl daemon-reload", "systemctl enable --now mayfly", "journalctl -u mayfly -f"];
  console.log(json ? asJson("install", { file, next }) : `Wrote ${file}. Next:\n${next.map((line) => `  ${line}`).join("\n")}`);
}

function neededPlaces(settings: Config, config: string | undefined): (readonly [string, string | undefined])[] {
  return [
    ["--config", config],
    ...(["stateDir", "cacheDir", "runDir", "record", "osvKernel"] as const).map((key) => [key, settings[key]] as const),
    ["tls.cert", settings.tls?.cert],
    ["tls.key", settings.tls?.key],
    ...settings.appliances.folders.map((folder) => ["appliances.folders", folder] as const),
    ["program (Mayfly's own folder)", projectDir],
  ];
}
