import { useState } from "preact/hooks";
import { dateAndTime } from "../../../model/format.ts";
import type { DoctorReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

type Finding = DoctorReply["findings"][number];

const columns: readonly Column<Finding>[] = [
  { title: "Part", cell: ({ part }) => <span class="nowrap">{part}</span> },
  { title: "Finding", cell: ({ ok }) => <span class={ok ? "good-text" : "bad-text"}>{ok ? "ok" : "missing"}</span> },
  { title: "Detail", cell: ({ detail }) => detail, isLong: true },
  { title: "What to do", cell: ({ cure, ok }) => (cure === undefined ? "–" : <span class={ok ? "muted" : ""}>{cure}</span>) },
];

export function DoctorTab() {
  const [newest, setNewest] = useState<DoctorReply>();
  const loaded = useData<DoctorReply>((signal) => ask("/v1/host/doctor", { tenant: "", signal }), ["doctor"]);
  const again = async () => {
    const report = await ask<DoctorReply>("/v1/host/doctor", { tenant: "", query: { again: "true" } });
    setNewest(report);
    const missing = report.findings.filter(({ ok }) => !ok).length;
    return missing === 0 ? "Looked: all is well." : `Looked: ${missing} to be mended.`;
  };
  return (
    <Card
      title="Doctor"
      about="What the host has and lacks. mayfly doctor tries ports and drivers, too, which this server is using"
      actions={<Action act={again}>Look again</Action>}
    >
      <Shown loaded={loaded} height={300}>
        {(first) => {
          const { at, findings } = newest ?? first;
          // What is missing comes first.
          const sorted = findings.toSorted((one, other) => Number(one.ok) - Number(other.ok));
          return (
            <>
              <Table label="Findings" columns={columns} rows={sorted} keyOf={({ part }) => part} />
              <p class="muted">Found {dateAndTime(at)}.</p>
            </>
          );
        }}
      </Shown>
    </Card>
  );
}
