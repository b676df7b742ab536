import type { Command } from "commander";
import type { DecisionInfo, ExplainInfo } from "../../doors/admin/schemas.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { bold, dim, harmless } from "../../base/terminal/terminal.ts";
import { ageInWords, millisecondsInWords } from "../units.ts";
import { counted } from "../../base/words/counted.ts";
import { asJson } from "../as-json.ts";

type ExplainOptions = ConnectionOptions & { limit: number; json?: true };

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app>")
    .option("-n, --limit <count>", "newest decisions to show", parseCount(0, 500), 100)
    .addHelpText("after", "\ndocs/scaling.md says how machines are decided on.\n\nExample:\n  mayfly explain hello")
    .action(explain);
}

async function explain(app: string, options: ExplainOptions): Promise<void> {
  const explanation = await (await connect(options)).client.explain(app, options.limit);
  console.log(options.json ? asJson("explain", explanation) : explanationInWords(explanation));
}

export function explanationInWords({ app, now, decisions }: ExplainInfo): string {
  const present = [bold(`${app} now`), ...now.map((sentence) => `  ${sentence}`)];
  const machines = Array.from(
    Map.groupBy(decisions, ({ machine }) => machine),
    ([machine, its]) => [bold(machine), its.map(inWords)],
  ).flat(2);
  return [
    ...present,
    ...(machines.length > 0 ? machines : ["The policy has decided nothing about machines of this app since the server started."]),
  ].join("\n");
}

/** "  12:00:00.000 killed after 8.00 s and 3 invocations: idle for 2 s" */
function inWords(decision: DecisionInfo): string {
  return `  ${dim(new Date(decision.at).toISOString().slice(11, 23))} ${deed(decision)}: ${harmless(decision.why)}`;
}

const DEEDS: Record<DecisionInfo["what"], string> = {
  start: "started",
  bind: "bound to the app",
  ready: "ready",
  lost: "went elsewhere",
  drain: "drained",
  kill: "killed",
  end: "ended",
};

function deed({ what, ageMs, invocations }: DecisionInfo): string {
  if (what !== "drain" && what !== "kill" && what !== "end") return DEEDS[what];
  const age = ageMs < 60_000 ? millisecondsInWords(ageMs) : ageInWords(ageMs);
  return `${DEEDS[what]} after ${age} and ${counted(invocations, "invocation")}`;
}
