import type { Command } from "commander";
import type { Client, LogFilter, LogLine } from "../../doors/admin/client.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { parseCount } from "../parse.ts";
import { dim, harmless, red, yellow } from "../../base/terminal/terminal.ts";
import { asJson } from "../as-json.ts";

export type LogOptions = ConnectionOptions & { follow?: true; lines: number; invocation?: string; json?: true };

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app[/function]>")
    .option("-f, --follow", "continue with new lines as they are written")
    .option("-n, --lines <count>", "newest lines to show", parseCount(0, 10_000), 100)
    .option("--invocation <id>", "lines of this call alone")
    .addHelpText("after", "\nWith --json: one line of JSON each.\n\nExample:\n  mayfly logs -f hello/hello")
    .action(logs);
}

async function logs(target: string, options: LogOptions): Promise<void> {
  const [app = "", name] = target.split("/");
  const { lines: tail, invocation } = options;
  const filter = { app, tail, ...(name && { function: name }), ...(invocation !== undefined && { invocation }) };
  await showLogs((await connect(options)).client, filter, options);
}

export async function showLogs(client: Client, filter: LogFilter, { follow, json }: LogOptions): Promise<void> {
  const print = json ? (line: LogLine) => console.log(asJson("logs", line)) : (line: LogLine) => console.log(inWords(line));
  const missing = await missingFunction(client, filter);
  if (missing !== undefined) console.error(missing);
  if (!follow) return printAll(await client.logs(filter), print, [filter.app, filter.function].filter(Boolean).join("/"));
  for await (const line of client.followLogs(filter)) print(line);
  await sayWhyItEnded(client);
}

/** A server ends a followed log whose reader may not read it any more; it throws "unauthorized" then, if the token was revoked or has expired. */
export async function sayWhyItEnded(client: Pick<Client, "principal">): Promise<void> {
  await client.principal().catch((error: unknown) => {
    // A server that stops ends it, too, and that is no mistake of the reader's.
    if (error instanceof MayflyError && error.code === "unauthorized") throw error;
  });
}

/** A log may have lines of a function of an older revision, so that a function that the live one lacks is no error. */
export async function missingFunction(client: Pick<Client, "app">, { app, function: name }: LogFilter): Promise<string | undefined> {
  if (name === undefined) return undefined;
  // The log of an app that was removed, or of an appliance, can be read, too.
  const live = await client.app(app).then(
    (found) => found.live,
    (error: unknown) => {
      if (error instanceof MayflyError && error.code === "no-such-app") return null;
      throw error;
    },
  );
  if (live === null || Object.hasOwn(live.manifest.functions, name)) return undefined;
  return `The app ${app} has no function ${name}. Its functions are: ${Object.keys(live.manifest.functions).join(", ")}.`;
}

function printAll(lines: LogLine[], print: (line: LogLine) => void, target: string): void {
  lines.forEach(print);
  if (lines.length === 0) console.error(`The log has no lines of ${target}.`);
}

/**
 * Formats a line as "12:00:00.000 function invocation text". The date is left to the terminal. A speaker other than the function is named
 * at the left, before anything the guest printed, so that a function's output can't look like a message of the platform.
 */
export function inWords({ at, function: name, invocation, machine, level, text }: LogLine): string {
  const origin = [name, invocation ?? machine].filter((part) => part !== undefined).join(" ");
  const speaker = level === "platform" || level === "agent" ? `[${level}]` : "";
  const parts = [dim(new Date(at).toISOString().slice(11, 23)), speaker, origin && dim(origin), coloured(level, harmless(text))];
  return parts.filter((part) => part !== "").join(" ");
}

function coloured(level: LogLine["level"], text: string): string {
  if (level === "error" || level === "platform") return red(text);
  return level === "warn" ? yellow(text) : text;
}
