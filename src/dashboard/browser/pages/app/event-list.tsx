import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { dateAndTime } from "../../../model/format.ts";
import { plainly } from "../../../model/plainly.ts";
import type { EventListReply, EventReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

type Listed = EventListReply["events"][number];

interface EventsProps {
  events: readonly Listed[];
  label: string;
  empty: ComponentChildren;
  /** Of the app in the API. */
  path: string;
  onChange: () => void;
}

const isOpen = (state: string) => ["waiting", "delayed", "held", "running"].includes(state);

/** Events, of which each is opened to see what it brought, and what became of it. */
export function Events({ events, label, empty, path, onChange }: EventsProps) {
  const [open, setOpen] = useState<string | null>(null);
  const columns: Column<Listed>[] = [
    {
      title: "Accepted",
      isNumber: true,
      cell: ({ id, acceptedAt, function: name }) => (
        <button class="link" type="button" aria-expanded={open === id} onClick={() => setOpen(open === id ? null : id)}>
          {dateAndTime(acceptedAt)}
          <span class="unseen">, for {name}</span>
        </button>
      ),
    },
    { title: "Function", cell: ({ function: name }) => <code>{name}</code> },
    {
      title: "From",
      about: "What made the event: the name of a trigger, or the kind of call.",
      cell: ({ source }) => source.name ?? source.kind,
    },
    {
      title: "State",
      about:
        "Waiting for its turn, delayed until a time, held until somebody lets it go on, running, succeeded, cancelled; or dead: given up after its last attempt.",
      isLong: true,
      cell: ({ state, why, dueAt }) => (
        <>
          {state}
          {state === "delayed" && dueAt !== null && <span class="muted"> until {dateAndTime(dueAt)}</span>}
          {why !== null && <div class="muted">{plainly(why)}</div>}
        </>
      ),
    },
    { title: "Attempts", about: "How often the function was called with it.", isNumber: true, cell: ({ attempts }) => attempts },
  ];
  return (
    <Table
      label={label}
      columns={columns}
      rows={events}
      keyOf={({ id }) => id}
      below={(event) => open === event.id && <Detail event={event} path={path} onChange={onChange} />}
      empty={empty}
    />
  );
}

function Detail({ event: { id, state }, path, onChange }: { event: Listed; path: string; onChange: () => void }) {
  const at = `${path}/events/${encodeURIComponent(id)}`;
  const loaded = useData<EventReply>((signal) => ask(at, { signal }), [at, state], 5_000);
  const letter = (what: "redrive" | "purge") => () =>
    ask(`${path}/dead-letters/${what}`, { method: "POST", body: { ids: [id] } }).then(() =>
      what === "redrive" ? "Runs again." : "Removed.",
    );
  return (
    <div class="inset">
      <Shown loaded={loaded}>
        {({ payload, result, waitsFor }) => (
          <>
            {waitsFor !== null && <p>{waitsFor}</p>}
            <h3>Payload</h3>
            {payload === null ? <p class="muted">It is not kept any more.</p> : <Foreign text={payload} label="Payload" />}
            {result !== null && (
              <>
                <h3>Result</h3>
                <Foreign text={result} label="Result" />
              </>
            )}
          </>
        )}
      </Shown>
      <p class="muted">
        Event <code>{id}</code>
      </p>
      {may("deploy") && (
        <p class="buttons">
          {state === "dead" && (
            <>
              <Action act={letter("redrive")} onDone={onChange}>
                Run again
              </Action>
              <Action act={letter("purge")} confirm="Remove it?" onDone={onChange}>
                Remove
              </Action>
            </>
          )}
          {state === "delayed" && (
            <Action act={() => ask(`${at}/retry`, { method: "POST" }).then(() => "Runs now.")} onDone={onChange}>
              Run now
            </Action>
          )}
          {isOpen(state) && (
            <Action act={() => ask(at, { method: "DELETE" }).then(() => "Cancelled.")} confirm="Cancel it?" onDone={onChange}>
              Cancel
            </Action>
          )}
        </p>
      )}
    </div>
  );
}
