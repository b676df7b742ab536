import { useState } from "preact/hooks";
import { dateAndTime, number } from "../../../model/format.ts";
import { parsed } from "../../../model/parsed.ts";
import { plainly } from "../../../model/plainly.ts";
import type { TriggerListReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, Allowed, may } from "../../parts/action.tsx";
import { TextField } from "../../parts/field.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { Loaded } from "../../use-data.ts";

type Trigger = TriggerListReply["triggers"][number];

interface TriggersProps {
  loaded: Loaded<TriggerListReply>;
  path: string;
  onChange: () => void;
}

export function Triggers({ loaded, path, onChange }: TriggersProps) {
  const [open, setOpen] = useState<string | null>(null);
  const at = ({ name }: Trigger) => `${path}/triggers/${encodeURIComponent(name)}`;
  const columns: Column<Trigger>[] = [
    {
      title: "Trigger",
      cell: ({ name, kind, paused, why }) => (
        <>
          <button class="link" type="button" aria-expanded={open === name} onClick={() => setOpen(open === name ? null : name)}>
            {name}
          </button>{" "}
          <span class="muted">{paused ? `${kind}, paused` : kind}</span>
          {why !== null && <div class="bad-text">{plainly(why)}</div>}
        </>
      ),
    },
    { title: "Starts", about: "The function that it starts.", cell: ({ function: starts }) => <code>{starts}</code> },
    {
      title: "Last",
      about: "When it last started its function, and how often it has in all. Batches of queues are not counted.",
      isNumber: true,
      cell: ({ last, fired, kind }) => (last === null ? (kind === "queue" ? "–" : "never") : `${dateAndTime(last.at)}, ${fired} in all`),
    },
    {
      title: "Next",
      about: "When a schedule is due, in the time zone of this browser.",
      isNumber: true,
      cell: ({ firesAt }) => (firesAt === null ? "–" : dateAndTime(firesAt)),
    },
  ];
  if (may("invoke") || may("deploy"))
    columns.push({
      title: "Actions",
      isUntitled: true,
      cell: (trigger) => (
        <div class="buttons">
          {may("invoke") && (
            <Action
              act={() => ask(`${at(trigger)}/fire`, { method: "POST", body: {} }).then(() => "Fired.")}
              on={trigger.name}
              onDone={onChange}
            >
              Fire
            </Action>
          )}
          {may("deploy") && (
            <Action
              act={() => ask(`${at(trigger)}/paused`, { method: "PUT", body: { paused: !trigger.paused } }).then(() => "")}
              on={trigger.name}
              onDone={onChange}
            >
              {trigger.paused ? "Resume" : "Pause"}
            </Action>
          )}
        </div>
      ),
    });
  return (
    <Card title="Triggers" about="What starts functions besides calls: times, webhooks, CloudEvents, queues, buckets, key-value stores">
      <Shown loaded={loaded}>
        {({ triggers }) => (
          <Table
            label="List of triggers"
            columns={columns}
            rows={triggers}
            keyOf={({ name }) => name}
            below={(trigger) => open === trigger.name && <Detail trigger={trigger} at={at(trigger)} onChange={onChange} />}
            empty={
              <>
                The app has no triggers. <code>{`"triggers": [{ "schedule": "0 3 * * *" }]`}</code> of a function in{" "}
                <code>mayfly.json</code> is one that fires each night.
              </>
            }
          />
        )}
      </Shown>
    </Card>
  );
}

function Detail({ trigger, at, onChange }: { trigger: Trigger; at: string; onChange: () => void }) {
  const { name, definition, path, nextTimes, missed } = trigger;
  const [payload, setPayload] = useState("");
  const fire = async () => {
    await ask(`${at}/fire`, { method: "POST", body: payload.trim() === "" ? {} : { payload: parsed(payload, "The payload") } });
    return "Fired.";
  };
  return (
    <div class="inset">
      <dl class="facts">
        {path !== null && (
          <div>
            <dt>Path</dt>
            <dd>
              <code>{path}</code> of the gateway: whatever is sent there starts the function
            </dd>
          </div>
        )}
        {nextTimes.length > 0 && (
          <div>
            <dt>Due at</dt>
            <dd class="number">{nextTimes.map(dateAndTime).join(", ")}</dd>
          </div>
        )}
        <div>
          <dt>Times missed</dt>
          <dd class="number">
            {missed === 0 ? "none" : `${number(missed)}, at which the server was down or an earlier time still waited`}
          </dd>
        </div>
      </dl>
      <Foreign text={JSON.stringify(definition, null, 2)} label={`Definition of ${name}`} />
      <Allowed action="invoke" to="fire triggers">
        <TextField
          label="Payload, as JSON"
          about="What the function gets as its event; empty: a sample of what comes for such a trigger"
          value={payload}
          onInput={setPayload}
          rows={4}
        />
        <p class="buttons">
          <Action act={fire} onDone={onChange}>
            Fire with this
          </Action>
        </p>
      </Allowed>
    </div>
  );
}
