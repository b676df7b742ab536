/** What `mayfly dev` shows, as text for people or as lines of JSON for programs. */
import { bold, dim, green, harmless, red, yellow } from "../base/terminal/terminal.ts";
import type { LogLine } from "../doors/admin/client.ts";
import type { RecentCall } from "../doors/admin/call-schemas.ts";
import type { TriggerInfo } from "../doors/admin/trigger-schemas.ts";
import type { LoopEvent } from "../dev-loop/app-loop.ts";
import { inWords as lineInWords } from "./commands/logs.ts";
import { asJson } from "./as-json.ts";
import { commandName } from "./command-name.ts";
import type { Output } from "./outputs/outputs.ts";
import type { DevServer } from "./dev-server.ts";
import { inWords as errorInWords } from "./report-error.ts";
import { millisecondsInWords } from "./units.ts";

export interface DevScreen {
  up(server: DevServer): void;
  loop(event: LoopEvent): void;
  /** Called after an app's first deploy. */
  app(app: string, functions: { name: string; url: string }[], triggers: TriggerInfo[]): void;
  call(app: string, call: RecentCall): void;
  log(line: LogLine): void;
}

/** @param several whether lines say of which app they are @param more what the commands that are suggested need to find the server */
export function screenInWords({ several, more }: { several: boolean; more: () => string }): DevScreen {
  const of = (app: string) => (several ? `${bold(app)} ` : "");
  return {
    up({ driver, stateDir, isEphemeral, isOwn, inspector }) {
      if (driver !== undefined) console.log(dim(`driver   ${driver.detail}`));
      if (isEphemeral) console.log(dim("state    goes with this server; --state <dir> keeps it"));
      else if (isOwn) console.log(dim(`state    kept in ${stateDir}`));
      if (inspector !== undefined) console.log(`debugger ${bold(inspector)}${dim("  chrome://inspect, or attach of VS Code")}`);
      console.log(dim("Ctrl-C ends all of it."));
    },
    loop(event) {
      switch (event.type) {
        case "deployed": {
          const { app, revision, changed, saved, ms, bundleMs, isFirst } = event;
          if (!changed && !isFirst) return console.log(dim(`${of(app)}${savedInWords(saved)}: nothing changed`));
          const took = `in ${millisecondsInWords(ms)} (bundled in ${millisecondsInWords(bundleMs)})`;
          return console.log(`${green("✓")} ${of(app)}${isFirst ? "" : `${savedInWords(saved)}: `}revision ${revision} ${took}`);
        }
        case "failed": {
          console.log(`${red("✗")} ${errorInWords(event.error.body())}`);
          const then = event.oldServes ? "The code before it goes on answering; the next save tries again." : "The next save tries again.";
          return console.log(dim(`  ${then}`));
        }
        case "renamed": {
          const { from, to, removed } = event;
          const then = removed ? `${from} was removed` : `${from} goes on answering: ${commandName} remove${more()} ${from}`;
          return console.log(`${yellow("!")} mayfly.json names the app ${to} now; ${then}`);
        }
        case "warned":
          return console.log(`${yellow("!")} ${harmless(event.text)}`);
      }
    },
    app(app, functions, triggers) {
      console.log("");
      for (const { name, url } of functions) console.log(`  ${bold(`${app}/${name}`)}  ${url}`);
      for (const { name, kind } of triggers)
        console.log(`  ${kind} ${bold(name)}  ${dim(`${commandName} trigger fire${more()} ${app} ${name}`)}`);
      console.log("");
    },
    call: (app, call) => console.log(`${of(app)}${callInWords(call)}`),
    log: (line) => console.log(`${of(line.app)}${lineInWords(line)}`),
  };
}

export function screenInJson(): DevScreen {
  const print = (line: Output<"dev">) => console.log(asJson("dev", line));
  return {
    up: ({ gatewayUrl, driver, stateDir, isEphemeral, isOwn, inspector }) =>
      print({ event: "up", pid: process.pid, gatewayUrl, driver, stateDir, isEphemeral, isOwn, inspector }),
    loop({ type, ...rest }) {
      const line = "error" in rest ? { ...rest, ...rest.error.body() } : rest;
      print({ event: type, ...line } as Output<"dev">);
    },
    app: (app, functions, triggers) => print({ event: "app", app, functions, triggers }),
    call: (app, call) => print({ event: "call", app, ...call }),
    log: (line) => print({ event: "log", ...line }),
  };
}

/** "12:00:00.000 GET /hello?name=Ada 200 3.2 ms (bound in 31 ms) hello 4x-1" */
function callInWords({ at, method, path, kind, function: name, status, outcome, error, spans, invocation }: RecentCall): string {
  const what = method === null ? kind : `${method} ${path ?? ""}`;
  const how = status > 0 ? statusInWords(status) : red(outcome);
  const waits = [
    spans.start >= SHOWN_MS ? `started in ${millisecondsInWords(spans.start)}` : "",
    spans.bind >= SHOWN_MS ? `bound in ${millisecondsInWords(spans.bind)}` : "",
    spans.queue >= SHOWN_MS ? `waited ${millisecondsInWords(spans.queue)}` : "",
  ].filter((part) => part !== "");
  const took = `${millisecondsInWords(spans.run)}${waits.length > 0 ? ` (${waits.join(", ")})` : ""}`;
  const head = `${dim(new Date(at).toISOString().slice(11, 23))} ${harmless(what)} ${how} ${took} ${dim(`${name} ${invocation}`)}`;
  return error === null ? head : `${head}\n    ${red(harmless(error))}`;
}

/** Shorter waits are not worth a reader's look. Milliseconds. */
const SHOWN_MS = 1;

function statusInWords(status: number): string {
  return status >= 500 ? red(String(status)) : status >= 400 ? yellow(String(status)) : green(String(status));
}

/** At most this many names of files are shown. */
const SHOWN = 3;

function savedInWords(saved: string[]): string {
  const shown = saved.slice(0, SHOWN).map((path) => harmless(path));
  return saved.length > SHOWN ? `${shown.join(", ")} and ${saved.length - SHOWN} more` : shown.join(", ");
}
