import { useState } from "preact/hooks";
import type { QueueListReply, QueueMessagesReply, QueueReply } from "../../../model/app-replies.ts";
import { age, bytes, dateAndTime, number } from "../../../model/format.ts";
import { ask } from "../../api.ts";
import { Action, Allowed } from "../../parts/action.tsx";
import { TextField } from "../../parts/field.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Card } from "../../parts/page.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

/** As many queues as the API tells at once, and as many messages of one as can be read. */
const PAGE = 200;
const MOST = 20;

export function QueuesTab({ app }: TabProps) {
  const [after, setAfter] = useState<readonly string[]>([""]);
  const query = { app: app.app, limit: PAGE, ...(after.length > 1 && { after: after.at(-1)! }) };
  const queues = useData<QueueListReply>((signal) => ask("/v1/queues", { query, signal }), [query], 5_000);
  const [chosen, setChosen] = useState<string | null>(null);
  const columns: Column<QueueReply>[] = [
    {
      title: "Queue",
      cell: ({ name, fifo }) => (
        <>
          <button class="link" type="button" aria-pressed={name === chosen} onClick={() => setChosen(name)}>
            {name}
          </button>
          {fifo && <span class="muted"> in order</span>}
        </>
      ),
    },
    { title: "Waiting", about: "Messages that can be received now.", isNumber: true, cell: ({ visible }) => number(visible) },
    {
      title: "In flight",
      about: "Messages that somebody has received and not deleted yet. After a time they wait again.",
      isNumber: true,
      cell: ({ inFlight }) => number(inFlight),
    },
    {
      title: "Delayed",
      about: "Messages that can be received later, as their sender or the queue asks.",
      isNumber: true,
      cell: ({ delayed }) => number(delayed),
    },
    { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
    {
      title: "Kept for",
      about: "A message that nobody has deleted for so long is dropped.",
      isNumber: true,
      cell: ({ retentionS }) => age(1_000 * retentionS),
    },
    {
      title: "Dead letters go to",
      about: "The queue that gets messages which were received so often and never deleted.",
      cell: ({ deadLetters }) => (deadLetters === null ? "–" : `${deadLetters.queue}, after ${deadLetters.maxReceives} receives`),
    },
  ];
  const shown = queues.data?.queues.find(({ name }) => name === chosen);
  return (
    <div class="stack">
      <Card
        title="Queues"
        about="Messages of the app that wait until somebody has received and deleted them; Amazon SQS's API reaches them, too"
      >
        <Shown loaded={queues}>
          {(data) => (
            <Table
              label="List of queues"
              columns={columns}
              rows={data.queues}
              keyOf={({ name }) => name}
              empty={
                <>
                  The app has no queue yet. One that <code>{`"bindings": { "JOBS": { "queue": "jobs" } }`}</code> of{" "}
                  <code>mayfly.json</code> names is made at its first use, and so is one by SQS's API.
                </>
              }
            />
          )}
        </Shown>
        <Pager after={after} next={queues.data?.queues.length === PAGE ? queues.data.queues.at(-1)!.name : null} onMove={setAfter} />
      </Card>
      {shown !== undefined && <Queue key={shown.name} queue={shown} onChange={queues.reload} />}
    </div>
  );
}

type Message = QueueMessagesReply["messages"][number];

function Queue({ queue: { name, fifo }, onChange }: { queue: QueueReply; onChange: () => void }) {
  const path = `/v1/queues/${encodeURIComponent(name)}`;
  const messages = useData<QueueMessagesReply>((signal) => ask(`${path}/messages`, { query: { limit: MOST }, signal }), [path], 5_000);
  const changed = () => {
    messages.reload();
    onChange();
  };
  const columns: Column<Message>[] = [
    { title: "Sent", isNumber: true, cell: ({ sentAt }) => dateAndTime(Date.parse(sentAt)) },
    {
      title: "Received",
      about: "How often somebody has received the message.",
      isNumber: true,
      cell: ({ receives }) => (receives === 1 ? "once" : receives === 0 ? "never" : `${receives} times`),
    },
    {
      title: "From",
      about: "Of a dead letter, the queue that gave it up; of a queue that keeps an order, the message's group.",
      cell: ({ from, group }) => from ?? (group === undefined ? "–" : `group ${group}`),
    },
    { title: "Message", cell: ({ id }) => <code class="muted">{id}</code> },
  ];
  return (
    <Card title={name} about={`The oldest ${MOST} messages, which stay as they are: looking is not receiving`}>
      <Shown loaded={messages}>
        {(data) => (
          <>
            <Table
              label={`Messages of ${name}`}
              columns={columns}
              rows={data.messages}
              keyOf={({ id }) => id}
              below={({ id, body }) => <Foreign text={body} label={`Text of ${id}`} />}
              empty="The queue is empty. The form below sends a message, and so do functions."
            />
            <Allowed action="deploy" to="move or remove messages">
              <p class="buttons">
                <Action act={() => redrive(path)} onDone={changed} isDisabled={data.messages.length === 0}>
                  Redrive
                </Action>
                <Action act={() => purge(path)} confirm="Remove all messages?" onDone={changed} isDisabled={data.messages.length === 0}>
                  Purge
                </Action>
                <span class="muted">Redrive moves dead letters back to the queues that gave them up. Purge removes all messages.</span>
              </p>
            </Allowed>
          </>
        )}
      </Shown>
      <h3>Send a message</h3>
      <Allowed action="invoke" to="send messages">
        <Sending path={path} isFifo={fifo} onChange={changed} />
      </Allowed>
    </Card>
  );
}

async function redrive(path: string): Promise<string> {
  const { total } = await ask<{ total: number }>(`${path}/redrive`, { method: "POST", body: {} });
  return `${number(total)} ${total === 1 ? "is" : "are"} moved back.`;
}

async function purge(path: string): Promise<string> {
  const { count } = await ask<{ count: number }>(`${path}/messages`, { method: "DELETE" });
  return `${number(count)} removed.`;
}

function Sending({ path, isFifo, onChange }: { path: string; isFifo: boolean; onChange: () => void }) {
  const [text, setText] = useState("");
  const [group, setGroup] = useState("");
  const send = async () => {
    await ask(`${path}/messages`, { method: "POST", body: { body: text, ...(group !== "" && { group }) } });
    setText("");
    return "Sent.";
  };
  return (
    <div class="form">
      <TextField label="Text" value={text} onInput={setText} rows={3} />
      {isFifo && <TextField label="Group" about="Messages of a group keep their order" value={group} onInput={setGroup} />}
      <p class="buttons">
        <Action act={send} onDone={onChange} isDisabled={text === "" || (isFifo && group === "")}>
          Send
        </Action>
      </p>
    </div>
  );
}
