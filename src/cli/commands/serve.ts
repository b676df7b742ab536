import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { loadConfig } from "../../base/config/load.ts";
import type { UpInfo } from "../../supervisor/messages.ts";
import { supervise } from "../../supervisor/supervise.ts";
import { parseCount } from "../parse.ts";
import { asJson } from "../as-json.ts";

interface ServeOptions {
  config?: string;
  state?: string;
  cache?: string;
  tlsCert?: string;
  tlsKey?: string;
  json?: true;
  [setting: string]: unknown;
}

export function define(command: Command): void {
  command
    .option("--listen <host:port>", "where functions are called; port 0 is any free one")
    .option("--api <host:port>", "where the management API answers")
    .option("--driver <name>", "auto, qemu, gvisor or process (which isolates nothing)")
    .option("--kernel <name>", "linux or osv: what runs in the machines of the driver qemu")
    .option("--osv-kernel <file>", "OSv's kernel, loader.elf")
    .option("--state <dir>", "state folder: apps, secrets, token, logs, ledger")
    .option("--cache <dir>", "cache folder: images, templates, downloads")
    .option("--blanks <count>", "started machines kept ready for any app", parseCount(0, 1_000))
    .option(
      "--idle-ms <ms>",
      "how long every idle machine is kept, instead of the time learned from its app's history",
      parseCount(0, 86_400_000),
    )
    .option("--max-machines <count>", "machines of all apps together", parseCount(1, 100_000))
    .option("--grace-ms <ms>", "how long invocations in flight may take to finish at shutdown", parseCount(0, 900_000))
    .option("--no-timing-headers", "answer without Server-Timing and X-Mayfly-Invocation")
    .option("--domain <name>", "route <function>.<app>.<name> by the Host header")
    .option("--tls-cert <file>", "certificate chain, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--allow-insecure-bind", "listen beyond loopback without TLS")
    .option("--record <file>", "write every policy event and command to it, a JSON line each")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .option("--config <file>", "settings in JSON (or MAYFLY_CONFIG)")
    .option("--json", "print one line of JSON when it is up")
    .addHelpText(
      "after",
      "\ndocs/configuration.md has every setting. SIGTERM and SIGINT let what is in flight finish; SIGHUP reads certificates anew.\n",
    )
    .addHelpText("after", "Example:\n  mayfly serve --listen 127.0.0.1:8080 --blanks 4")
    .action(serve);
}

const program = fileURLToPath(new URL("../serve-worker.ts", import.meta.url));

async function serve(options: ServeOptions): Promise<void> {
  const config = loadConfig({ flags: settings(options), file: options.config ?? process.env.MAYFLY_CONFIG });
  // An error here means that nobody reads the output any more; the server must not end because of that.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const onUp = ({ gatewayUrl, apiUrl, driver }: UpInfo, worker: number) =>
    console.log(
      options.json
        ? asJson("serve", { pid: process.pid, worker, gatewayUrl, apiUrl, driver })
        : inWords({ gatewayUrl, apiUrl, driver }, config.stateDir),
    );
  process.exit(await supervise({ config, program, json: options.json ?? false, onUp }));
}

/** Command-line options are settings in another spelling; a flag that was not given is undefined. */
function settings({
  config: _file,
  state,
  cache,
  api,
  tlsCert,
  tlsKey,
  json: _json,
  timingHeaders,
  ...same
}: ServeOptions): Record<string, unknown> {
  const tls = tlsCert !== undefined || tlsKey !== undefined ? { cert: tlsCert, key: tlsKey } : undefined;
  return { ...same, api, stateDir: state, cacheDir: cache, tls, timingHeaders: timingHeaders === false ? false : undefined };
}

function inWords({ gatewayUrl, apiUrl, driver }: UpInfo, stateDir: string): string {
  return [
    `Mayfly is up (pid ${process.pid}).`,
    `  functions  ${gatewayUrl}/<app>/<function>`,
    `  dashboard  ${apiUrl}/ (log in with the token in ${stateDir}/api-token)`,
    `  API        ${apiUrl}/openapi.json`,
    `  driver     ${driver.detail}`,
  ].join("\n");
}
