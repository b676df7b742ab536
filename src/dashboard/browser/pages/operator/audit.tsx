import { useEffect, useState } from "preact/hooks";
import { dateAndTime } from "../../../model/format.ts";
import type { AuditReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

type Line = AuditReply["lines"][number];

const columns: readonly Column<Line>[] = [
  { title: "When", cell: ({ at }) => dateAndTime(at), isNumber: true },
  { title: "Who", cell: ({ principal, of }) => (principal === null ? "nobody known" : of === null ? principal : `${principal}@${of}`) },
  { title: "What", cell: ({ action }) => <span class="nowrap">{action}</span> },
  { title: "On", cell: ({ tenant, target }) => [tenant === null ? "" : `@${tenant}`, target].filter(Boolean).join("/") },
  {
    title: "Result",
    cell: ({ result, calls }) => (
      <span class={result === "ok" ? "" : "bad-text"}>
        {result}
        {calls === undefined ? "" : `, ${calls} times more`}
      </span>
    ),
  },
  { title: "From", cell: ({ address }) => address, isNumber: true },
];

const PAGE = 50;
const TYPING_MS = 300;

export function AuditTab() {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  /** Where each page that was turned to begins: lines that are older than this. */
  const [before, setBefore] = useState<number[]>([]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed === search) return;
      setSearch(typed);
      setBefore([]);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, search]);
  const query = { tail: PAGE, before: before.at(-1), search: search === "" ? undefined : search };
  const loaded = useData<AuditReply>(
    (signal) => ask("/v1/audit", { query, signal }),
    ["audit", search, before.at(-1)],
    before.length === 0 ? 15_000 : undefined,
  );
  return (
    <Card title="Audit log" about="Each call of the management API, the newest first: who did what to what, from where">
      <label class="field form">
        <span>Search</span>
        <input
          class="input"
          type="search"
          placeholder="Principal, action, app, result, address …"
          maxLength={200}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
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
