import { useState } from "preact/hooks";
import { dateAndTime } from "../../model/format.ts";
import type { AppListReply, AppReply } from "../../model/replies.ts";
import { hashOf } from "../../model/route.ts";
import { splitInWords } from "../../model/split.ts";
import { ask } from "../api.ts";
import { route } from "../location.ts";
import { Page } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Shown } from "../parts/shown.tsx";
import { Empty } from "../parts/states.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { isOfServer, tenant } from "../session.ts";
import { useData } from "../use-data.ts";
import { AppPage } from "./app.tsx";
import { CallPage } from "./call.tsx";

/** Enough to see at once; whoever looks for another one searches. */
const PAGE = 50;

export function AppsPage() {
  const [, name, part, invocation] = route.value.path;
  if (name === undefined) return <AppList />;
  if (part === "calls" && invocation !== undefined) return <CallPage key={`${name} ${invocation}`} app={name} invocation={invocation} />;
  return <AppPage key={name} app={name} />;
}

function AppList() {
  const [search, setSearch] = useState("");
  const [after, setAfter] = useState<readonly string[]>([""]);
  const onSearch = (text: string) => {
    setSearch(text.trim());
    setAfter([""]);
  };
  const query = { limit: PAGE, after: after.at(-1)!, search };
  const loaded = useData<AppListReply>((signal) => ask("/v1/apps", { query, signal }), [query], 15_000);
  const isMain = isOfServer.value && tenant.value === "";
  return (
    <Page
      title="Apps"
      about={`Every app${isMain ? " of the tenant main (choose another one at the top)" : ""}, with the revision that its calls go to. Choose one to see and change what it does.`}
      actions={<SearchField label="Search for an app" placeholder="Search" isUntitled onSearch={onSearch} />}
    >
      <Shown loaded={loaded} height={240}>
        {(data) => <Apps apps={data.apps} isSearch={search !== ""} />}
      </Shown>
      <Pager after={after} next={loaded.data?.next ?? null} onMove={setAfter} />
    </Page>
  );
}

const columns: readonly Column<AppReply>[] = [
  { title: "App", cell: ({ app }) => <a href={hashOf(["apps", app])}>{app}</a> },
  { title: "Functions", isNumber: true, cell: ({ live }) => (live === null ? "–" : Object.keys(live.manifest.functions).length) },
  {
    title: "Calls go to",
    about: "The revision of the app's code that gets its calls; if they are split, each revision with its share.",
    isNumber: true,
    cell: ({ aliases }) => splitInWords(aliases.find(({ name }) => name === "live")?.targets ?? []),
  },
  {
    title: "Uploaded",
    about: "When the revision was deployed that gets most calls.",
    isNumber: true,
    cell: ({ live }) => (live === null ? "–" : dateAndTime(live.createdAt)),
  },
  {
    title: "State",
    about: "Served; or a canary, a new revision that is tried with a share of the calls; or why calls are refused.",
    cell: ({ problem, revisions }) =>
      problem === null ? isCanary(revisions) ? "canary" : "served" : <span class="bad-text">{problem}</span>,
  },
];

function Apps({ apps, isSearch }: { apps: readonly AppReply[]; isSearch: boolean }) {
  if (apps.length === 0)
    return isSearch ? (
      <Empty title="No app has a name like this." />
    ) : (
      <Empty title="There is no app yet.">
        <code>mayfly init hello</code> and <code>mayfly deploy hello</code> make one.
      </Empty>
    );
  return (
    <div class="card">
      <Table label="List of apps" columns={columns} rows={apps} keyOf={({ app }) => app} />
    </div>
  );
}

const isCanary = (revisions: AppReply["revisions"]) => revisions.some(({ canary }) => canary?.state === "running");
