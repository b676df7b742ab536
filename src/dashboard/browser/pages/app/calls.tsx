import { useState } from "preact/hooks";
import { dateAndTime, milliseconds, moment } from "../../../model/format.ts";
import { callerInWords, hasFailed, outcomeInWords, waited } from "../../../model/invocation.ts";
import type { InvocationListReply, InvocationReply } from "../../../model/replies.ts";
import { hashOf } from "../../../model/route.ts";
import { ask } from "../../api.ts";
import { Choices } from "../../parts/choices.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { Empty } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";
import { serverNow } from "../../server-time.ts";

const choices = [
  { value: "all", text: "All" },
  { value: "failed", text: "Failed" },
  { value: "slow", text: "Slow" },
] as const;
type Choice = (typeof choices)[number]["value"];

const MOST = 200;
const RELOAD_MS = 2_000;

/** Calls as they end. */
export function CallsTab({ app, path }: TabProps) {
  const [choice, setChoice] = useState<Choice>("all");
  const [name, setName] = useState("");
  const [slowerThan, setSlowerThan] = useState(200);
  const query = {
    limit: MOST,
    ...(choice === "failed" && { outcome: "failed" }),
    ...(choice === "slow" && { slowerThan }),
    ...(name !== "" && { function: name }),
  };
  const loaded = useData<InvocationListReply>(
    (signal) => ask(`${path}/invocations`, { query, signal }),
    [path, choice, name, choice === "slow" && slowerThan],
    RELOAD_MS,
  );
  const functions = Object.keys(app.live?.manifest.functions ?? {});
  return (
    <div class="stack">
      <div class="toolbar">
        <Choices label="Calls that are shown" options={choices} value={choice} onChoose={setChoice} />
        {choice === "slow" && (
          <label class="beside">
            Slower than
            <input
              class="input short"
              type="number"
              min={0}
              max={86_400_000}
              value={slowerThan}
              onInput={(event) => setSlowerThan(Math.max(0, event.currentTarget.valueAsNumber || 0))}
            />
            ms
          </label>
        )}
        <label>
          <span class="unseen">Function</span>
          <select class="input" value={name} onChange={(event) => setName(event.currentTarget.value)}>
            <option value="">All functions</option>
            {functions.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Shown loaded={loaded} height={320}>
        {(list) => <List app={app.app} list={list} isAll={choice === "all" && name === ""} />}
      </Shown>
    </div>
  );
}

function List({ app, list: { rule, invocations }, isAll }: { app: string; list: InvocationListReply; isAll: boolean }) {
  if (rule === null)
    return (
      <Empty title="Nothing is kept of calls.">
        The setting <code>invocations.keep</code> is false on this server.
      </Empty>
    );
  const kept = `Kept are calls that failed, calls that took over ${milliseconds(rule.slowMs)}, and of the others the first ${rule.perSecond} of each second and its slowest; of each of the three, the newest ${rule.perApp}.`;
  if (invocations.length === 0)
    return (
      <Empty title={isAll ? "No call has ended yet." : "No call that is kept is like this."}>
        {isAll && <p>The part Call makes one, and the part Summary has the addresses at which functions are called.</p>}
        <p>{kept}</p>
      </Empty>
    );
  return (
    <Card title="Calls" about={invocations.length < MOST ? kept : `The newest ${MOST}. ${kept}`}>
      <Table label="List of calls" columns={columnsOf(app)} rows={invocations} keyOf={keyOf} />
    </Card>
  );
}

const keyOf = ({ invocation, attempt, at }: InvocationReply) => `${invocation} ${attempt} ${at}`;

function columnsOf(app: string): Column<InvocationReply>[] {
  return [
    {
      title: "Ended",
      isNumber: true,
      cell: ({ at }) => (
        <time dateTime={new Date(at).toISOString()} title={dateAndTime(at)}>
          {moment(at, serverNow())}
        </time>
      ),
    },
    {
      title: "Call",
      cell: ({ invocation }) => (
        <a class="mono" href={hashOf(["apps", app, "calls", invocation])}>
          {invocation}
        </a>
      ),
    },
    { title: "Function", cell: (call) => call.function },
    {
      title: "Outcome",
      about: "The status of the function's reply, or the code of the error that the caller got: docs/errors.md has each.",
      cell: (call) => <span class={hasFailed(call) ? "bad-text" : ""}>{outcomeInWords(call)}</span>,
    },
    {
      title: "Waited",
      about: "For a place in a machine, and for a machine to start and get the app's code.",
      isNumber: true,
      cell: ({ spans }) => milliseconds(spans.queue + spans.start + spans.bind),
    },
    {
      title: "Until the reply",
      about: "From the call's arrival until its reply began: what it waited, and what the function took.",
      isNumber: true,
      cell: (call) => milliseconds(waited(call)),
    },
    { title: "Called by", cell: callerInWords },
  ];
}
