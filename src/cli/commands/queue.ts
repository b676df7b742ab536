import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { counted } from "../../base/words/counted.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { confirm } from "../confirm.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { asJson } from "../as-json.ts";

type QueueOptions = ConnectionOptions & { json?: true };
type Client = Awaited<ReturnType<typeof connect>>["client"];
type ListedQueue = Awaited<ReturnType<Client["queue"]>>;
type Peeked = Awaited<ReturnType<Client["peekQueue"]>>[number];

const queueColumns: Column<ListedQueue>[] = [
  { title: "QUEUE", cell: ({ name }) => name },
  { title: "APP", cell: ({ app }) => app ?? "" },
  { title: "VISIBLE", align: "right", cell: ({ visible }) => String(visible) },
  { title: "IN FLIGHT", align: "right", cell: ({ inFlight }) => String(inFlight) },
  { title: "DELAYED", align: "right", cell: ({ delayed }) => String(delayed) },
  { title: "BYTES", align: "right", cell: ({ bytes }) => String(bytes) },
];

const messageColumns: Column<Peeked>[] = [
  { title: "MESSAGE", cell: ({ id }) => id },
  { title: "SENT", cell: ({ sentAt }) => sentAt },
  { title: "RECEIVES", align: "right", cell: ({ receives }) => String(receives) },
  { title: "GROUP", cell: ({ group }) => harmless(group ?? "") },
  { title: "FROM", cell: ({ from }) => from ?? "" },
  { title: "BODY", cell: ({ body }) => harmless(body.length > 80 ? `${body.slice(0, 80)}…` : body) },
];

export function define(command: Command): void {
  command.addHelpText("after", "\nExample:\n  mayfly queue list --app shop");
  withConnectionOptions(command.command("list"))
    .description("list queues, with the number of their messages")
    .option("--app <name>", "only those of this app")
    .option("--after <queue>", "only those whose names come after this one")
    .option("--limit <count>", "at most this many", parseCount(1, 200), 100)
    .addHelpText("after", "\nExample:\n  mayfly queue list --app shop")
    .action(list);
  withConnectionOptions(command.command("create"))
    .description("make a queue; a FIFO queue's name ends in .fifo")
    .argument("<queue>")
    .option("--app <name>", "the app that it belongs to, and with which it goes")
    .option("--visibility <seconds>", "how long a received message is kept from others", parseCount(0, 43_200))
    .option("--delay <seconds>", "how long a message stays hidden after it was sent", parseCount(0, 900))
    .option("--retention <seconds>", "how long a message is kept", parseCount(60, 1_209_600))
    .option("--dead-letters <queue>", "the queue that gets messages which were received too often")
    .option("--max-receives <count>", "how often that is", parseCount(1, 1_000), 3)
    .addHelpText("after", "\nExample:\n  mayfly queue create jobs --app shop --dead-letters jobs-dead --max-receives 5")
    .action(create);
  withConnectionOptions(command.command("show"))
    .description("show a queue and its settings")
    .argument("<queue>")
    .addHelpText("after", "\nExample:\n  mayfly queue show jobs")
    .action(show);
  withConnectionOptions(command.command("share"))
    .description("say which other apps may send, receive and delete messages; with none, nobody else may")
    .argument("<queue>")
    .argument("[app...]")
    .addHelpText("after", "\nExample:\n  mayfly queue share jobs billing reports")
    .action(share);
  withConnectionOptions(command.command("send"))
    .description("send a message; without a text, that of a file or of standard input")
    .argument("<queue>")
    .argument("[text]")
    .option("--file <path>", "the file that has the text; - is standard input", "-")
    .option("--group <name>", "of a FIFO queue: within which messages keep their order")
    .option("--dedup-id <id>", "of a FIFO queue: of messages with this id in 5 minutes, only the first is kept")
    .option("--delay <seconds>", "for which nobody gets the message", parseCount(0, 900))
    .addHelpText("after", "\nExample:\n  mayfly queue send jobs '{\"order\":7}'")
    .action(send);
  withConnectionOptions(command.command("peek"))
    .description("show the oldest messages, which stay as they are")
    .argument("<queue>")
    .option("--limit <count>", "at most this many", parseCount(1, 100), 10)
    .addHelpText("after", "\nExample:\n  mayfly queue peek jobs-dead --json")
    .action(peek);
  withConnectionOptions(command.command("purge"))
    .description("remove all messages of a queue")
    .argument("<queue>")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  mayfly queue purge jobs --yes")
    .action(purge);
  withConnectionOptions(command.command("redrive"))
    .description("move all messages, mostly dead letters, back to the queues that gave them up")
    .argument("<queue>")
    .option("--to <queue>", "or to this queue")
    .option("--per-second <count>", "no faster than this", parseCount(1, 500))
    .addHelpText("after", "\nExample:\n  mayfly queue redrive jobs-dead --per-second 50")
    .action(redrive);
  withConnectionOptions(command.command("delete"))
    .description("remove a queue with all that is in it")
    .argument("<queue>")
    .option("--yes", "do not ask")
    .addHelpText("after", "\nExample:\n  mayfly queue delete jobs --yes")
    .action(remove);
}

async function list({ app, after, limit, ...options }: QueueOptions & { app?: string; after?: string; limit: number }): Promise<void> {
  const { client } = await connect(options);
  const queues = await client.queues({ limit, ...(app !== undefined && { app }), ...(after !== undefined && { after }) });
  if (options.json) return console.log(asJson("queue list", queues));
  console.log(renderTable(queueColumns, queues));
  if (queues.length === limit) console.log(`There may be more: --after ${queues.at(-1)!.name}`);
}

interface CreateOptions extends QueueOptions {
  app?: string;
  visibility?: number;
  delay?: number;
  retention?: number;
  deadLetters?: string;
  maxReceives: number;
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { app, visibility, delay, retention, deadLetters, maxReceives } = options;
  const made = await (
    await connect(options)
  ).client.createQueue({
    name,
    ...(app !== undefined && { app }),
    ...(visibility !== undefined && { visibilityS: visibility }),
    ...(delay !== undefined && { delayS: delay }),
    ...(retention !== undefined && { retentionS: retention }),
    ...(deadLetters !== undefined && { deadLetters: { queue: deadLetters, maxReceives } }),
  });
  console.log(options.json ? asJson("queue create", made) : `The queue ${made.name} is there.`);
}

async function show(name: string, options: QueueOptions): Promise<void> {
  const queue = await (await connect(options)).client.queue(name);
  if (options.json) return console.log(asJson("queue show", queue));
  const { app, visible, inFlight, delayed, visibilityS, delayS, retentionS, deadLetters, sharedWith } = queue;
  console.log(`${name} has ${counted(visible, "visible message")}, ${inFlight} in flight and ${delayed} delayed.`);
  if (app !== null)
    console.log(`It belongs to the app ${app}${sharedWith.length === 0 ? "" : `, and is shared with ${sharedWith.join(", ")}`}.`);
  else if (sharedWith.length > 0) console.log(`It is shared with ${sharedWith.join(", ")}.`);
  console.log(`A received message is hidden for ${visibilityS} s, a new one for ${delayS} s; a message is kept for ${retentionS} s.`);
  if (deadLetters !== null)
    console.log(`Messages that were received ${counted(deadLetters.maxReceives, "time")} go to ${deadLetters.queue}.`);
}

async function share(name: string, apps: string[], options: QueueOptions): Promise<void> {
  const queue = await (await connect(options)).client.shareQueue(name, apps);
  const others = queue.sharedWith.length === 0 ? "nobody else" : queue.sharedWith.join(", ");
  console.log(options.json ? asJson("queue share", queue) : `The queue ${name} is shared with ${others}.`);
}

interface SendOptions extends QueueOptions {
  file: string;
  group?: string;
  dedupId?: string;
  delay?: number;
}

async function send(name: string, text: string | undefined, options: SendOptions): Promise<void> {
  const { file, group, dedupId, delay } = options;
  const body = text ?? readFileSync(file === "-" ? 0 : file, "utf8");
  const sent = await (
    await connect(options)
  ).client.sendToQueue(name, {
    body,
    ...(group !== undefined && { group }),
    ...(dedupId !== undefined && { dedupId }),
    ...(delay !== undefined && { delayS: delay }),
  });
  console.log(options.json ? asJson("queue send", sent) : `Sent as ${sent.id}.`);
}

async function peek(name: string, { limit, ...options }: QueueOptions & { limit: number }): Promise<void> {
  const messages = await (await connect(options)).client.peekQueue(name, limit);
  console.log(options.json ? asJson("queue peek", messages) : renderTable(messageColumns, messages));
}

async function purge(name: string, options: QueueOptions & { yes?: true }): Promise<void> {
  if (!options.yes) await confirm(`Remove all messages of the queue ${name}?`);
  const purged = await (await connect(options)).client.purgeQueue(name);
  console.log(options.json ? asJson("queue purge", purged) : `${counted(purged.count, "message")} removed.`);
}

async function redrive(name: string, { to, perSecond, ...options }: QueueOptions & { to?: string; perSecond?: number }): Promise<void> {
  const { client } = await connect(options);
  const task = await client.redriveQueue(name, { ...(to !== undefined && { to }), ...(perSecond !== undefined && { perSecond }) });
  console.log(options.json ? asJson("queue redrive", task) : `${counted(task.total, "message")} on the way.`);
}

async function remove(name: string, options: QueueOptions & { yes?: true }): Promise<void> {
  if (!options.yes) await confirm(`Remove the queue ${name} with all that is in it?`);
  await (await connect(options)).client.removeQueue(name);
  console.log(options.json ? asJson("queue delete", { queue: name }) : `The queue ${name} is removed.`);
}
