import { type Command, InvalidArgumentError, Option } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { yellow } from "../../base/terminal/terminal.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseMethod } from "../parse.ts";
import { asJson } from "../as-json.ts";

interface SignOptions extends ConnectionOptions {
  for: number;
  method: string;
  path: string;
  rotate?: true;
  json?: true;
}

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app/function>", "the function; with --rotate the app alone")
    .addOption(
      new Option("--for <time>", "how long the URL holds: a number with s, m, h or d, at most 366d")
        .argParser(parseTime)
        .default(600, "10m"),
    )
    .option("-X, --method <method>", "the one method that the URL is for", parseMethod, "GET")
    .option("-p, --path <path>", "path below the function, with its query, for example /notes/1?full=1", parsePath, "/")
    .addOption(
      new Option("--rotate", "make another key for the app: all URLs that were signed before end").conflicts(["for", "method", "path"]),
    )
    .addHelpText(
      "after",
      '\nWhoever has the URL may call that function, with that method, path and query, until it ends. The function must have "signed-url" in access of its mayfly.json.\n\nExamples:\n  mayfly sign shop/invoice --for 10m --path /2026/11\n  mayfly sign shop --rotate',
    )
    .action(sign);
}

async function sign(target: string, options: SignOptions): Promise<void> {
  const { client, gateway } = await connect(options);
  const [app = "", name, ...more] = target.split("/");
  if (options.rotate) {
    if (name !== undefined)
      throw new MayflyError("not-done", { what: `${target} names a function, but the key is the app's: name the app alone` });
    await client.rotateSigningKey(app);
    return console.log(
      options.json ? asJson("sign", { app, rotated: true }) : `${app} has another key. URLs that were signed before are refused.`,
    );
  }
  if (name === undefined || name === "" || more.length > 0)
    throw new MayflyError("not-done", { what: `${target} is no function: write it as app/function` });
  const { method, path } = options;
  const signed = await client.signUrl(app, { function: name, method, path, expiresInS: options.for });
  const url = `${(await gateway()).url}${signed.path}`;
  console.log(options.json ? asJson("sign", { app, function: name, method, url, ...signed }) : url);
  if (!signed.accepted)
    console.error(
      `${yellow("note:", process.stderr)} function ${name} of ${app} refuses signed URLs, or everybody may call it: "signed-url" is not in its access`,
    );
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 };
const MOST_S = 366 * 86_400;

function parseTime(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[(unit ?? "s") as keyof typeof SECONDS];
  if (count !== undefined && seconds >= 1 && seconds <= MOST_S) return seconds;
  throw new InvalidArgumentError("It must be a time such as 90s, 10m, 12h or 7d, of 1s to 366d.");
}

function parsePath(text: string): string {
  return text.startsWith("/") ? text : `/${text}`;
}
