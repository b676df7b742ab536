import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { cacheFolder } from "../../base/config/load.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { guarded } from "../../base/errors/guarded.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { AppLoop, type LoopEvent } from "../../dev-loop/app-loop.ts";
import type { Client } from "../../doors/admin/client.ts";
import { stateDirOf } from "../connection.ts";
import { type DevScreen, screenInJson, screenInWords } from "../dev-screen.ts";
import { type DevServer, type DevServerOptions, openDevServer } from "../dev-server.ts";
import { closeWithTerminal } from "../signals.ts";

type DevOptions = Omit<DevServerOptions, "inspect"> & { inspect?: string | true; json?: true };

export function define(command: Command): void {
  command
    .argument("[dir...]", "folders with mayfly.json; default: this one")
    .option("--listen <host:port>", "where functions are called; default: that of the settings, or a free port if it is in use")
    .option("--driver <name>", "auto, qemu, gvisor or process (which isolates nothing)")
    .option("--kernel <name>", "linux or osv: what runs in the machines of the driver qemu")
    .option("--state <dir>", "keep the state in this folder, or use the server that runs on it")
    .option("--api <url>", "use the server whose management API answers here (or MAYFLY_API)")
    .option(
      "--inspect [host:port]",
      "let debuggers reach functions of Node and Python, here or at 127.0.0.1:9229; the driver is process then, or for Node any other",
      parseInspect,
    )
    .option("--json", "print lines of JSON")
    .addHelpText(
      "after",
      "\nDeploys the app in a folder whenever a file of it is saved, and shows its calls and what it prints. Variables come from the folder's .env.\n\nExamples:\n  mayfly dev\n  mayfly dev shop billing --state .state",
    )
    .action(dev);
}

function parseInspect(text: string): string {
  const address = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  if (/^(\[[\da-f:]+\]|[^:\s]+):\d{1,5}$/i.test(address)) return address;
  throw new InvalidArgumentError("It must be a port, or host:port.");
}

const USUAL_INSPECTOR = "127.0.0.1:9229";

async function dev(dirs: string[], options: DevOptions): Promise<void> {
  const folders = [...new Set((dirs.length === 0 ? ["."] : dirs).map(realFolder))];
  const { inspect, ...rest } = options;
  const server = await openDevServer({ ...rest, ...(inspect !== undefined && { inspect: inspect === true ? USUAL_INSPECTOR : inspect }) });
  const session = new Session(
    server,
    options.json ? screenInJson() : screenInWords({ several: folders.length > 1, more: stateOption(server) }),
  );
  closeWithTerminal(session);
  try {
    await session.begin(folders);
  } catch (error) {
    await session.close();
    throw error;
  }
}

function realFolder(dir: string): string {
  try {
    return realpathSync(dir);
  } catch (error) {
    throw new MayflyError("not-done", { what: `there is no folder ${dir}` }, error);
  }
}

/** What other commands need to find the server. */
function stateOption({ stateDir, isOwn }: DevServer): () => string {
  return () => {
    if (!isOwn || stateDir === undefined) return "";
    try {
      return stateDirOf({}) === stateDir ? "" : ` --state ${stateDir}`;
    } catch {
      return ` --state ${stateDir}`;
    }
  };
}

/** A server that gives these may be there again soon. */
const away = new Set<ErrorCode>(["api-unreachable", "connection-lost", "shutting-down", "server-starting"]);
/** Milliseconds. */
const AGAIN_MS = 1_000;

/** The apps under development on one server, and what is shown of them. */
class Session {
  readonly #server: DevServer;
  readonly #screen: DevScreen;
  readonly #loops: AppLoop[] = [];
  readonly #ending = new AbortController();
  /** Ends what is shown of each app, by its name. */
  readonly #shown = new Map<string, AbortController>();
  #closed: Promise<void> | undefined;
  /** Whether it was told that the server is away. */
  #isAway = false;

  constructor(server: DevServer, screen: DevScreen) {
    this.#server = server;
    this.#screen = screen;
  }

  async begin(folders: string[]): Promise<void> {
    const { client, isOwn, isEphemeral, hold, release, deploy, stateDir } = this.#server;
    this.#screen.up(this.#server);
    for (const dir of folders) {
      const loop = new AppLoop({
        dir,
        client,
        hold,
        release,
        deploy,
        passOver: [...(stateDir === undefined ? [] : [resolve(stateDir)]), cacheFolder()],
        cacheDir: cacheFolder(),
        readyMachine: isOwn,
        isEphemeral,
        otherWith: (app) => this.#loops.find((each) => each.app === app && each.dir !== dir)?.dir,
        debuggable: this.#server.inspector !== undefined,
        tell: (event) => this.#tell(event),
      });
      this.#loops.push(loop);
      await loop.began();
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#loops.map((loop) => loop.close()));
    await this.#server.close();
  }

  #tell(event: LoopEvent): void {
    if (event.type === "renamed" && event.removed) this.#shown.get(event.from)?.abort();
    this.#screen.loop(event);
    if (event.type === "deployed") this.#isAway = false;
    if (event.type === "deployed" && event.isFirst)
      guarded(
        () => this.#appears(event.app, event.functions),
        (error) => this.#lost(error, this.#ending.signal),
      )();
  }

  async #appears(app: string, functions: string[]): Promise<void> {
    const { client, gatewayUrl } = this.#server;
    const urls = functions.map((name) => ({ name, url: `${gatewayUrl}/${app}/${name}` }));
    // An app may have its old name again.
    this.#shown.get(app)?.abort();
    const ending = new AbortController();
    this.#shown.set(app, ending);
    const signal = AbortSignal.any([this.#ending.signal, ending.signal]);
    const lost = (error: unknown) => this.#lost(error, signal);
    guarded(() => this.#follow(() => this.#showLogs(client, app, signal), signal), lost)();
    guarded(() => this.#follow(() => this.#showCalls(client, app, signal), signal), lost)();
    const triggers = client.triggers(app).catch((error: unknown) => {
      lost(error);
      return [];
    });
    this.#screen.app(app, urls, await triggers);
  }

  /** A server that ran already may end and start again: what it streams is shown again then. */
  async #follow(show: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await show();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof MayflyError && away.has(error.code))) throw error;
        if (!this.#isAway) console.error(`mayfly dev: ${error.message} What it logs is shown again once it answers.`);
        this.#isAway = true;
      }
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #showLogs(client: Client, app: string, signal: AbortSignal): Promise<void> {
    for await (const line of client.followLogs({ app, tail: 0 }, signal)) this.#screen.log(line);
  }

  async #showCalls(client: Client, app: string, signal: AbortSignal): Promise<void> {
    for await (const call of client.followCalls(app, signal)) this.#screen.call(app, call);
  }

  /** A stream of the server's has ended. */
  #lost(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    // A server that ran already, and on which apps are not developed, shows no calls.
    if (error instanceof MayflyError && error.code === "not-in-development") return;
    console.error(`mayfly dev: ${error instanceof Error ? error.message : String(error)}`);
  }
}
