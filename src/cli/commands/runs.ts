import type { Command } from "commander";
import { MayflyError } from "../../base/errors/error.ts";
import { bold, harmless } from "../../base/terminal/terminal.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { ageInWords, bytesInWords } from "../units.ts";
import { tellOfMore } from "./events.ts";
import { counted } from "../../base/words/counted.ts";
import { asJson } from "../as-json.ts";

type RunOptions = ConnectionOptions & { json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type ListedRun = Awaited<ReturnType<Client["runs"]>>["runs"][number];
type ShownRun = Awaited<ReturnType<Client["run"]>>;
type RunEvent = Awaited<ReturnType<Client["runHistory"]>>["events"][number];

const STATES = { running: "RUNNING", succeeded: "SUCCEEDED", failed: "FAILED", "timed-out": "TIMED_OUT", stopped: "STOPPED" } as const;

const runColumns: Column<ListedRun>[] = [
  { title: "RUN", cell: ({ id }) => id },
  { title: "NAME", cell: ({ name }) => harmless(name) },
  { title: "FUNCTION", cell: (run) => `${run.function}${run.version === "$LATEST" ? "" : `:${run.version}`}` },
  { title: "STATE", cell: ({ status }) => stateOf(status) },
  { title: "AGE", align: "right", cell: ({ startedAt }) => ageInWords(Date.now() - startedAt) },
  { title: "TOOK", align: "right", cell: ({ startedAt, endedAt }) => (endedAt === null ? "" : ageInWords(endedAt - startedAt)) },
];

const eventColumns: Column<RunEvent>[] = [
  { title: "EVENT", align: "right", cell: ({ number }) => String(number) },
  { title: "TIME", cell: ({ at }) => new Date(at).toISOString() },
  { title: "WHAT", cell: ({ type }) => type },
  { title: "NAME", cell: ({ operation }) => harmless(operation?.name ?? "") },
  { title: "DETAILS", cell: ({ details }) => detailsInWords(details) },
];

export function define(command: Command): void {
  command.addHelpText("after", "\ndocs/durable.md says what durable executions are.\n\nExample:\n  mayfly runs list shop --only running");
  withApp(withConnectionOptions(command.command("list")), "<app>")
    .description("list an app's durable executions, the newest first")
    .option("--only <state>", `those that are ${Object.keys(STATES).join(", ")}`)
    .option("--function <name>", "those of this function")
    .option("--limit <count>", "at most this many", parseCount(1, 500), 50)
    .option("--before <number>", "those of the next page, which the page before names", parseCount(1, Number.MAX_SAFE_INTEGER))
    .addHelpText("after", "\nExample:\n  mayfly runs list shop --only running")
    .action(list);
  withApp(withConnectionOptions(command.command("show")), "<app>")
    .description("show a durable execution, by its id or its name: what it waits for, its input and its result")
    .argument("<run>")
    .addHelpText("after", "\nExample:\n  mayfly runs show shop order-17")
    .action(show);
  withApp(withConnectionOptions(command.command("history")), "<app>")
    .description("show what has happened in a durable execution, the oldest first")
    .argument("<run>")
    .option("--limit <count>", "at most this many events", parseCount(1, 1_000_000), 1_000)
    .addHelpText("after", "\nExample:\n  mayfly runs history shop order-17")
    .action(history);
  withApp(withConnectionOptions(command.command("answer")), "<app>")
    .description("complete a callback that a durable execution waits for")
    .argument("<run>")
    .argument("[text]", "what the function gets; nothing: undefined")
    .option("--callback <name>", "its name or its id, if the execution waits for several")
    .option("--fail <text>", "let it fail in place of that, with this message")
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly runs answer shop order-17 approved\n  mayfly runs answer shop order-17 --fail 'too expensive'",
    )
    .action(answer);
  withApp(withConnectionOptions(command.command("stop")), "<app>")
    .description("end a durable execution; one that has ended stays as it is")
    .argument("<run>")
    .option("--reason <text>", "the message of the error with which it ends")
    .addHelpText("after", "\nExample:\n  mayfly runs stop shop order-17 --reason 'ordered twice'")
    .action(stop);
}

async function list(
  app: string,
  options: RunOptions & { only?: string; function?: string; limit: number; before?: number },
): Promise<void> {
  const { only, function: name, limit, before } = options;
  if (only !== undefined && !Object.hasOwn(STATES, only))
    throw new MayflyError("not-done", { what: `--only is ${only}, and can be ${Object.keys(STATES).join(", ")}` });
  const page = await (
    await connect(options)
  ).client.runs(app, {
    limit,
    ...(before !== undefined && { before }),
    ...(only !== undefined && { status: STATES[only as keyof typeof STATES] }),
    ...(name !== undefined && { function: name }),
  });
  if (options.json) return console.log(asJson("runs list", page));
  console.log(renderTable(runColumns, page.runs));
  tellOfMore(page.next);
}

async function show(app: string, run: string, options: RunOptions): Promise<void> {
  const found = await (await connect(options)).client.run(app, run);
  console.log(options.json ? asJson("runs show", found) : runInWords(found));
}

export function runInWords(run: ShownRun): string {
  const { why, timesOutAt, calls, operations, events, bytes, input, result, error } = run;
  const sentences = why === "" ? [] : [`It has not ended: ${harmless(why)}.`];
  if (timesOutAt !== null) sentences.push(`It is ended at ${new Date(timesOutAt).toISOString()} if it has not ended by then.`);
  const counts = [counted(calls, "call"), counted(operations, "operation"), counted(events, "event")];
  return [
    renderTable(runColumns, [run]),
    ...sentences,
    `${counts.join(", ")}, ${bytesInWords(bytes)}.`,
    ...(input === null ? [] : [bold("Input"), harmless(input)]),
    ...(result === null ? [] : [bold("Result"), harmless(result)]),
    ...(error === null ? [] : [bold("Error"), harmless([error.ErrorType, error.ErrorMessage].filter(Boolean).join(": "))]),
  ].join("\n");
}

async function history(app: string, run: string, options: RunOptions & { limit: number }): Promise<void> {
  const { client } = await connect(options);
  const events: RunEvent[] = [];
  let next: number | null = null;
  do {
    const limit = Math.min(1_000, options.limit - events.length);
    const page: Awaited<ReturnType<Client["runHistory"]>> = await client.runHistory(app, run, {
      limit,
      ...(next !== null && { after: next }),
    });
    events.push(...page.events);
    next = page.next;
  } while (next !== null && events.length < options.limit);
  console.log(options.json ? asJson("runs history", { events, next }) : renderTable(eventColumns, events));
}

async function answer(
  app: string,
  run: string,
  text: string | undefined,
  options: RunOptions & { callback?: string; fail?: string },
): Promise<void> {
  const { callback, fail } = options;
  if (text !== undefined && fail !== undefined) throw new MayflyError("not-done", { what: "give a text or --fail, not both" });
  const answered = await (
    await connect(options)
  ).client.answerRun(app, run, {
    ...(callback !== undefined && { callback }),
    ...(text !== undefined && { result: text }),
    ...(fail !== undefined && { error: { ErrorMessage: fail } }),
  });
  const what = answered.name === null ? "The callback" : `The callback ${harmless(answered.name)}`;
  console.log(options.json ? asJson("runs answer", answered) : `${what} of ${run} is completed.`);
}

async function stop(app: string, run: string, options: RunOptions & { reason?: string }): Promise<void> {
  const { reason } = options;
  await (await connect(options)).client.stopRun(app, run, reason === undefined ? undefined : { ErrorMessage: reason });
  console.log(options.json ? asJson("runs stop", { stopped: run }) : `The execution ${run} has ended.`);
}

function stateOf(status: ListedRun["status"]): string {
  return Object.entries(STATES).find(([, each]) => each === status)?.[0] ?? status;
}

/** What a terminal's line has room for; --json has all of it. */
const MOST_DETAILS = 120;

function detailsInWords(details: RunEvent["details"]): string {
  const text = Object.entries(details)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(" ");
  const short = harmless(text);
  return short.length > MOST_DETAILS ? `${short.slice(0, MOST_DETAILS)}…` : short;
}
