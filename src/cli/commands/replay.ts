import type { Command } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import type { Client } from "../../doors/admin/client.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { ExitCode } from "../exit-codes.ts";
import { asJson } from "../as-json.ts";

type ReplayOptions = ConnectionOptions & { app?: string; include?: true; json?: true };

export function define(command: Command): void {
  withConnectionOptions(command)
    .argument("<invocation>", "the id of a call, as mayfly dev shows it behind the call")
    .option("--app <name>", "the app that was called; default: looked for among all")
    .option("-i, --include", "show the reply's status and headers, too, before its body")
    .addHelpText(
      "after",
      "\nCalls the function again with what the call was sent: its method, path, headers and body, or its event. The server of `mayfly dev` keeps the last 500 calls for that.\n\nExample:\n  mayfly replay tgx3k8q-1z",
    )
    .action(replay);
}

async function replay(invocation: string, options: ReplayOptions): Promise<void> {
  const { client } = await connect(options);
  const apps = options.app === undefined ? (await client.apps()).map(({ app }) => app) : [options.app];
  const replayed = await replayIn(client, apps, invocation);
  const { status, headers, body, bytes } = replayed;
  process.exitCode = status >= 400 ? ExitCode.Failed : ExitCode.Ok;
  if (options.json) return console.log(asJson("replay", replayed));
  if (options.include) console.log([`HTTP ${status}`, ...headers.map(([name, value]) => harmless(`${name}: ${value}`)), ""].join("\n"));
  const whole = Buffer.from(body, "base64");
  process.stdout.write(whole);
  if (whole.length < bytes) console.error(`The reply has ${bytes} bytes; these are the first ${whole.length}.`);
  if (status >= 400) console.error(`The reply's status is ${status}.`);
}

type Replayed = Awaited<ReturnType<Client["replayCall"]>>;

/** Throws "no-such-call" if it is a call of none of the apps. */
async function replayIn(client: Client, apps: string[], invocation: string): Promise<Replayed> {
  let last: unknown = new MayflyError("no-such-call", { invocation, what: "no app is deployed" });
  for (const app of apps) {
    try {
      return await client.replayCall(app, invocation);
    } catch (error) {
      if (!(error instanceof MayflyError) || error.code !== "no-such-call") throw error;
      last = error;
    }
  }
  throw last;
}
