import { age, bytes, number, share } from "../../../model/format.ts";
import type { DiskReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import { serverNow } from "../../server-time.ts";

type Part = DiskReply["parts"][number];

/** What each part is, and what makes it smaller. */
const words: Record<string, [title: string, about: string]> = {
  apps: ["Apps", "the catalog and code; fewer kept revisions (revisionsKept) make it smaller"],
  logs: ["Logs", "of apps; bounded by maxLogMb"],
  audit: ["Audit log", "bounded by maxAuditMb"],
  ledger: ["Ledger", "usage, for bills"],
  history: ["Plots and calls", "what this dashboard shows of the past; bounded"],
  objects: ["Objects", "buckets and what is in them"],
  queues: ["Queues", "messages that wait"],
  "key-values": ["Key-value stores", "keys and values of apps"],
  sql: ["SQL databases", "with their copies"],
  events: ["Events", "calls for later, triggers, buses, schedules"],
  runs: ["Durable executions", "their steps, results and what they wait for"],
  appliances: ["Appliances", "definitions and disks"],
  snapshots: ["Snapshots of apps", "frozen machines; made again when needed"],
  identities: ["Tokens, keys, certificates", "who may do what, and the key that secrets are encrypted with"],
  reserve: ["Reserve", "given up when the disk is full, so that something can be removed"],
  "other state": ["Other state", "small files of the server itself"],
  images: ["Images", "in the cache; mayfly image prune removes those that nothing uses"],
  templates: ["Templates", "in the cache; made again when needed"],
  "build steps": ["Build steps", "in the cache; mayfly image clean removes them"],
  packages: ["Packages", "in the cache; downloads, fetched again when needed"],
  "other cache": ["Other cache", "made again when needed"],
};

const columns: readonly Column<Part>[] = [
  { title: "Part", cell: ({ part }) => <span class="nowrap">{words[part]?.[0] ?? part}</span> },
  { title: "Takes", cell: ({ bytes: taken, isMore }) => `${isMore ? "at least " : ""}${bytes(taken)}`, isNumber: true },
  { title: "Files", cell: ({ files, isMore }) => `${number(files)}${isMore ? " and more" : ""}`, isNumber: true },
  { title: "What it is", cell: ({ part }) => <span class="muted">{words[part]?.[1]}</span> },
];

/** Less than this share of the disk is little. */
const LITTLE = 0.1;

export function DiskTab() {
  const loaded = useData<DiskReply>((signal) => ask("/v1/host/disk", { tenant: "", signal }), ["disk"], 3_000);
  return (
    <Shown loaded={loaded} height={300}>
      {(report) => (
        <>
          <Card title="Free space" about="And what happens when there is none">
            <Folder title="State folder" {...report.state} />
            <Folder title="Cache folder" {...report.cache} />
            <p class="muted">
              On a full disk functions are called as before. Deploys, events and whatever else must be stored are refused with the error
              disk-full; removing apps and logs works, because 8 MB are reserved for that. Backups are wherever mayfly backup was told to
              put them, and are not counted here.
            </p>
          </Card>
          <Card title="Use by part" about={measuredInWords(report)}>
            <Table
              label="Use of the disk by part"
              columns={columns}
              rows={report.parts}
              keyOf={({ part }) => part}
              empty="The first measurement is under way. It runs in the background, so that it slows nobody down."
            />
          </Card>
        </>
      )}
    </Shown>
  );
}

function Folder({ title, folder, freeBytes, totalBytes }: { title: string } & DiskReply["state"]) {
  const free = totalBytes === 0 ? 0 : freeBytes / totalBytes;
  return (
    <div class="disk">
      <div class="disk-head">
        <strong>{title}</strong> <code>{folder}</code>
        <span class={free < LITTLE ? "bad-text number" : "number"}>
          {bytes(freeBytes)} of {bytes(totalBytes)} free ({share(free)})
        </span>
      </div>
      <span class={free < LITTLE ? "track other" : "track"} aria-hidden="true">
        <i style={{ width: `${100 * (1 - free)}%` }} />
      </span>
    </div>
  );
}

function measuredInWords({ measuredAt, isMeasuring }: DiskReply): string {
  const when = measuredAt === null ? "" : `Measured ${age(serverNow() - measuredAt)} ago`;
  return isMeasuring ? `${when}${when === "" ? "M" : "; m"}easuring now` : when;
}
