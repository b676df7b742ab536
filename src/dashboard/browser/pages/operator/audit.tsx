import { useState } from "preact/hooks";
import { dateAndTime } from "../../../model/format.ts";
import type { AuditReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

type Line = AuditReply["lines"][number];

const columns: readonly Column<Line>[] = [
  { title: "When", cell: ({ at }) => dateAndTime(at), isNumber: true },
  { title: "Who", cell: ({ principal, of }) => (principal === null ? "nobody known" : of === null ? principal : `${principal}@${of}`) },
  {
    title: "What",
    about: "The operation of the management API: docs/api.md has each.",
    cell: ({ action }) => <span class="nowrap">{action}</span>,
  },
  {
    title: "On",
    about: "What it was done to: a tenant, @tenant/app, or a name.",
    cell: ({ tenant, target }) => [tenant === null ? "" : `@${tenant}`, target].filter(Boolean).join("/"),
  },
  {
    title: "Result",
    about: "ok, or the code of the error with which it was refused; equal calls of a minute may be in one line.",
    cell: ({ result, calls }) => (
      <span class={result === "ok" ? "" : "bad-text"}>
        {result}
        {calls === undefined ? "" : `, ${calls} times more`}
      </span>
    ),
  },
  { title: "From", about: "The address of who called.", cell: ({ address }) => address, isNumber: true },
];

const PAGE = 50;
/** Of what is searched for, as the API takes it. */
const MOST_CHARACTERS = 200;

export function AuditTab() {
  const [search, setSearch] = useState("");
  /** Where each page that was turned to begins: lines that are older than this. */
  const [before, setBefore] = useState<number[]>([]);
  const onSearch = (text: string) => {
    setSearch(text.slice(0, MOST_CHARACTERS));
    setBefore([]);
  };
  const query = { tail: PAGE, before: before.at(-1), search: search === "" ? undefined : search };
  const loaded = useData<AuditReply>(
    (signal) => ask("/v1/audit", { query, signal }),
    ["audit", search, before.at(-1)],
    before.length === 0 ? 15_000 : undefined,
  );
  return (
    <Card title="Audit log" about="Each call of the management API, the newest first: who did what to what, from where">
      <div class="form">
        <SearchField label="Search" placeholder="Principal, operation, app, result, address …" onSearch={onSearch} />
      </div>
      <Shown loaded={loaded} height={300}>
        {({ lines }) => (
          <>
            <Table
              label="Lines of the audit log"
              columns={columns}
              rows={lines.toReversed()}
              keyOf={(_line, index) => index}
              empty={search === "" ? "There are no older lines." : "No line has this text."}
            />
            <div class="pager">
              <button class="button" type="button" disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>
                Newer
              </button>
              <button class="button" type="button" disabled={lines.length < PAGE} onClick={() => setBefore([...before, lines[0]!.at])}>
                Older
              </button>
              <span class="muted">Page {before.length + 1}</span>
            </div>
          </>
        )}
      </Shown>
    </Card>
  );
}
