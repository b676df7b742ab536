import type { Command } from "commander";
import { bold, dim, harmless, red } from "../../base/terminal/terminal.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { counted } from "../../base/words/counted.ts";
import { withApp } from "../app-argument.ts";
import { asJson } from "../as-json.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { bytesInWords, comparedInWords, millisecondsInWords, money, secondsInWords } from "../units.ts";
import { inWords } from "./logs.ts";

type CallsOptions = ConnectionOptions & { errors?: true; slowerThan?: number; limit: number; json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type List = Awaited<ReturnType<Client["invocations"]>>;
type Shown = Awaited<ReturnType<Client["invocation"]>>;
type Call = List["invocations"][number];

const columns: Column<Call>[] = [
  { title: "ENDED", cell: ({ at }) => new Date(at).toISOString().slice(0, 19).replace("T", " ") },
  { title: "FUNCTION", cell: (call) => harmless(call.function) },
  { title: "OUTCOME", cell: outcomeOf },
  { title: "WAITED", align: "right", cell: ({ spans }) => millisecondsInWords(spans.queue + spans.start + spans.bind) },
  { title: "RAN", align: "right", cell: ({ spans }) => millisecondsInWords(spans.run) },
  { title: "BY", cell: callerOf },
  { title: "MACHINE", cell: ({ machine }) => machine ?? "" },
  { title: "INVOCATION", cell: ({ invocation }) => harmless(invocation) },
];

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app[/function]>")
    .argument("[invocation]", "show this call: its spans, its log and what it cost")
    .option("--errors", "those that failed alone")
    .option("--slower-than <ms>", "those whose reply began later, in milliseconds", parseCount(0, 86_400_000))
    .option("-n, --limit <count>", "at most this many, the newest", parseCount(1, 1_000), 50)
    .addHelpText(
      "after",
      "\nAll that failed or were slow are kept, and a sample of the others: docs/dashboard.md.\n\nExamples:\n  mayfly calls shop --errors\n  mayfly calls shop/buy --slower-than 200",
    )
    .action(calls);
}

async function calls(target: string, invocation: string | undefined, options: CallsOptions): Promise<void> {
  const [app = "", name] = target.split("/");
  const { client } = await connect(options);
  if (invocation !== undefined) return show(client, app, invocation, options);
  const { errors, slowerThan, limit } = options;
  const found = await client.invocations(app, {
    limit,
    ...(errors && { outcome: "failed" }),
    ...(slowerThan !== undefined && { slowerThan }),
    ...(name !== undefined && { function: name }),
  });
  if (options.json) return console.log(asJson("calls", found));
  if (found.invocations.length > 0) console.log(renderTable(columns, found.invocations));
  console.error(ruleInWords(found));
}

function ruleInWords({ rule, invocations }: List): string {
  if (rule === null) return "Nothing is kept of calls: the setting invocations.keep is false.";
  const others = `of the others the first ${rule.perSecond} of each second and its slowest`;
  const kept = `Kept are calls that failed, calls that took over ${rule.slowMs} ms, and ${others}; of each of the three, the newest ${rule.perApp}.`;
  return invocations.length === 0 ? `There is no such call. ${kept}` : dim(kept);
}

async function show(client: Client, app: string, invocation: string, { json }: CallsOptions): Promise<void> {
  const [shown, lines] = await Promise.all([client.invocation(app, invocation), client.logs({ app, invocation, tail: 1_000 })]);
  if (json) return console.log(asJson("calls", { ...shown, log: lines }));
  const log = lines.length === 0 ? [dim("  It has said nothing.")] : lines.map((line) => `  ${inWords(line)}`);
  console.log([...shown.attempts.flatMap(callInWords), ...costInWords(shown), bold("Log"), ...log].join("\n"));
}

function callInWords(call: Call): string[] {
  const { spans, at, machine, number, attempt, requestBytes, replyBytes, traceparent } = call;
  const where = machine === null ? "It was given to no machine." : `machine ${machine}${number === null ? "" : `, revision ${number}`}`;
  return [
    bold(`${harmless(call.function)} ${harmless(call.invocation)}${attempt > 1 ? `, attempt ${attempt}` : ""}`),
    `  ${outcomeOf(call)}, by ${callerOf(call)}, ended at ${new Date(at).toISOString()}`,
    ...(call.error === null ? [] : [`  ${harmless(call.error)}`]),
    `  ${where}; ${bytesInWords(requestBytes)} in, ${bytesInWords(replyBytes)} out; trace ${harmless(traceparent.slice(3, 35))}`,
    ...(["queue", "start", "bind", "run"] as const).map((span) => `  ${span.padEnd(6)}${millisecondsInWords(spans[span]).padStart(9)}`),
  ];
}

function costInWords({ cost }: Shown): string[] {
  if (cost === null) return [bold("Cost"), dim("  It is on no bill.")];
  const { lines, wallClock, currency, calls: all } = cost;
  const texts = lines.map(({ what, quantity, unit, cost: amount }) => {
    const many = unit === "s" ? secondsInWords(quantity) : `${quantity.toPrecision(3)} ${unit}`;
    return `  ${what.padEnd(13)}${many.padStart(16)}  ${money(amount)} ${currency}`;
  });
  const compared = comparedInWords(cost.cost, wallClock.cost);
  return [
    bold(`Cost ${money(cost.cost)} ${currency}`) + dim(` (its share of ${counted(all, "call")} of the function in ${cost.month})`),
    ...texts,
    `  at wall-clock prices ${money(wallClock.cost)} ${currency}: ${compared}`,
  ];
}

function outcomeOf({ outcome, status }: Call): string {
  if (outcome !== "replied") return red(harmless(outcome));
  return status >= 500 ? red(String(status)) : String(status);
}

function callerOf({ source, kind }: Call): string {
  if (source === null) return kind === "upgrade" ? "connection" : kind === "event" ? "event" : "request";
  return harmless(source.name === null ? source.kind : `${source.kind} ${source.name}`);
}
