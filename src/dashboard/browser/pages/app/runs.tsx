import { useState } from "preact/hooks";
import { dateAndTime, milliseconds } from "../../../model/format.ts";
import type { RunListReply } from "../../../model/replies.ts";
import { runStatuses, runStatusInWords } from "../../../model/run-status.ts";
import { ask } from "../../api.ts";
import { SelectField } from "../../parts/field.tsx";
import { Card } from "../../parts/page.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import { Run } from "./run.tsx";
import type { TabProps } from "./tab.ts";
import { serverNow } from "../../server-time.ts";

const statuses = [{ value: "", text: "all" }, ...runStatuses];

type Listed = RunListReply["runs"][number];

export function RunsTab({ path }: TabProps) {
  const [status, setStatus] = useState("");
  const [before, setBefore] = useState<readonly string[]>([""]);
  const [chosen, setChosen] = useState<string | null>(null);
  const query = { limit: 50, ...(status !== "" && { status }), ...(before.length > 1 && { before: before.at(-1)! }) };
  const runs = useData<RunListReply>((signal) => ask(`${path}/runs`, { query, signal }), [path, query], 3_000);
  const next = runs.data?.next ?? null;
  const columns: Column<Listed>[] = [
    {
      title: "Run",
      cell: ({ id, name }) => (
        <button class="link" type="button" aria-pressed={id === chosen} onClick={() => setChosen(id)}>
          {name}
        </button>
      ),
    },
    { title: "Function", cell: ({ function: of }) => <code>{of}</code> },
    { title: "Status", cell: (run) => runStatusInWords(run.status) },
    { title: "Began", isNumber: true, cell: ({ startedAt }) => dateAndTime(startedAt) },
    {
      title: "Took",
      about: "From its start to its end, waits included; of one that runs, so far.",
      isNumber: true,
      cell: ({ startedAt, endedAt }) => milliseconds((endedAt ?? serverNow()) - startedAt),
    },
  ];
  return (
    <div class="stack">
      <Card
        title="Runs"
        about="Durable executions, the newest first: each goes on where it was, after waits, failures and restarts"
        actions={
          <SelectField
            label="Status"
            value={status}
            options={statuses}
            onChange={(value) => {
              setStatus(value);
              setBefore([""]);
            }}
          />
        }
      >
        <Shown loaded={runs} height={120}>
          {(data) => (
            <Table
              label="List of runs"
              columns={columns}
              rows={data.runs}
              keyOf={({ id }) => id}
              empty={
                <>
                  There is no durable execution{status !== "" && " of this status"}. A call of a function with <code>durable</code> in{" "}
                  <code>mayfly.json</code> starts one.
                </>
              }
            />
          )}
        </Shown>
        <Pager after={before} next={next === null ? null : String(next)} onMove={setBefore} />
      </Card>
      {chosen !== null && <Run key={chosen} path={`${path}/runs/${encodeURIComponent(chosen)}`} onChange={runs.reload} />}
    </div>
  );
}
