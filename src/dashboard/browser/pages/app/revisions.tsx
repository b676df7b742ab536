import { dateAndTime, milliseconds, share } from "../../../model/format.ts";
import type { AppReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { TabProps } from "./tab.ts";

type Revision = AppReply["revisions"][number];

export function Revisions({ app, path, onChange }: TabProps) {
  const columns: Column<Revision>[] = [
    { title: "Revision", isNumber: true, cell: ({ number }) => number },
    { title: "Uploaded", isNumber: true, cell: ({ createdAt }) => dateAndTime(createdAt) },
    { title: "Runtimes", cell: ({ runtimes }) => runtimes.join(", ") },
    {
      title: "Named by",
      about: "The aliases that send calls to it; live is that of calls which name none.",
      cell: ({ id }) => namesOf(app, id),
    },
  ];
  if (app.revisions.some(({ canary }) => canary !== undefined))
    columns.push({
      title: "As a canary",
      about: "What became of its trial with a share of the calls.",
      isLong: true,
      cell: ({ canary }) => canary && canaryInWords(canary),
    });
  if (may("deploy"))
    columns.push({
      title: "Actions",
      isUntitled: true,
      cell: ({ number, id }) =>
        hasAll(app, id) ? (
          <span class="muted">gets all calls</span>
        ) : (
          <div class="buttons">
            <Action
              act={() => ask(`${path}/promote`, { method: "POST", body: { revision: number } }).then(() => "All calls go to it.")}
              confirm="Send all calls there?"
              on={`revision ${number}`}
              onDone={onChange}
            >
              Promote
            </Action>
          </div>
        ),
    });
  return (
    <Card title="Revisions" about="Uploads of the app's code and configuration that are kept, the newest first">
      <Table label="List of revisions" columns={columns} rows={app.revisions} keyOf={({ id }) => id} />
    </Card>
  );
}

function namesOf({ aliases }: AppReply, id: string): string {
  return aliases
    .filter(({ targets }) => targets.some(({ revision }) => revision === id))
    .map(({ name }) => name)
    .join(", ");
}

function hasAll({ aliases }: AppReply, id: string): boolean {
  const live = aliases.find(({ name }) => name === "live")?.targets ?? [];
  return live.length === 1 && live[0]!.revision === id;
}

const canaryWords: Record<string, string> = { running: "runs", "rolled-back": "rolled back" };

function canaryInWords({ state, why }: NonNullable<Revision["canary"]>): string {
  const word = canaryWords[state] ?? state;
  return why === null ? word : `${word}: ${why}`;
}

/** A canary that is under way, beside the revision that it is to replace. */
export function Canary({ number, canary }: { number: number; canary: NonNullable<Revision["canary"]> }) {
  const rows = [
    { name: `Revision ${canary.old}`, ...canary.calls.old },
    { name: `Revision ${number}, the canary`, ...canary.calls.new },
  ];
  const columns: Column<(typeof rows)[number]>[] = [
    { title: "Revision", cell: ({ name }) => name },
    { title: "Calls", isNumber: true, cell: ({ calls }) => calls },
    { title: "Failed", isNumber: true, cell: ({ failed }) => failed },
    { title: "99th percentile", about: "99 of 100 replies began within this time.", isNumber: true, cell: ({ p99 }) => milliseconds(p99) },
  ];
  return (
    <Card title="Canary" about={`Gets ${share(canary.share)} of calls; decided on at ${dateAndTime(canary.until)}`}>
      <Table label="The canary and the revision before it" columns={columns} rows={rows} keyOf={({ name }) => name} />
    </Card>
  );
}
