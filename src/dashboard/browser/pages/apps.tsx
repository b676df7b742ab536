import { useEffect, useState } from "preact/hooks";
import { dateAndTime } from "../../model/format.ts";
import type { AppListReply, AppReply } from "../../model/replies.ts";
import { hashOf } from "../../model/route.ts";
import { splitInWords } from "../../model/split.ts";
import { ask } from "../api.ts";
import { route } from "../location.ts";
import { Page } from "../parts/page.tsx";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import { isOfServer, tenant } from "../session.ts";
import { useData } from "../use-data.ts";
import { AppPage } from "./app.tsx";

/** Enough to see at once; whoever looks for another one searches. */
const PAGE = 50;

export function AppsPage() {
  const name = route.value.path[1];
  return name === undefined ? <AppList /> : <AppPage key={name} app={name} />;
}

function AppList() {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const [after, setAfter] = useState<readonly string[]>([""]);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSearch(typed.trim());
      setAfter([""]);
    }, 200);
    return () => clearTimeout(timer);
  }, [typed]);
  const query = { limit: PAGE, after: after.at(-1)!, search };
  const { data, error, reload } = useData<AppListReply>((signal) => ask("/v1/apps", { query, signal }), [query], 15_000);
  const isMain = isOfServer.value && tenant.value === "";
  return (
    <Page
      title="Apps"
      about={`Every app${isMain ? " of the tenant main (choose another one at the top)" : ""}, with the revision that its calls go to. Choose one to see and change what it does.`}
      actions={
        <label>
          <span class="unseen">Search for an app</span>
          <input
            class="input"
            type="search"
            placeholder="Search"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
      }
    >
      {data === undefined ? (
        error ? (
          <Failed error={error} onRetry={reload} />
        ) : (
          <Loading height={240} />
        )
      ) : (
        <Table apps={data.apps} isSearch={search !== ""} />
      )}
      <div class="pager">
        <button class="button" type="button" disabled={after.length === 1} onClick={() => setAfter(after.slice(0, -1))}>
          Back
        </button>
        <button class="button" type="button" disabled={!data?.next} onClick={() => setAfter([...after, data!.next!])}>
          More
        </button>
      </div>
    </Page>
  );
}

function Table({ apps, isSearch }: { apps: readonly AppReply[]; isSearch: boolean }) {
  if (apps.length === 0)
    return isSearch ? (
      <Empty title="No app has a name like this." />
    ) : (
      <Empty title="There is no app yet.">
        <code>mayfly init hello</code> and <code>mayfly deploy hello</code> make one.
      </Empty>
    );
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Apps">
      <table>
        <thead>
          <tr>
            <th>App</th>
            <th>Functions</th>
            <th>Calls go to</th>
            <th>Since</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {apps.map(({ app, live, problem, aliases, revisions }) => (
            <tr key={app}>
              <td>
                <a href={hashOf(["apps", app])}>{app}</a>
              </td>
              <td class="number">{live === null ? "–" : Object.keys(live.manifest.functions).length}</td>
              <td class="number">{splitInWords(aliases.find(({ name }) => name === "live")?.targets ?? [])}</td>
              <td class="number">{live === null ? "–" : dateAndTime(live.createdAt)}</td>
              <td>{problem === null ? isCanary(revisions) ? "canary" : "served" : <span class="bad-text">{problem}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const isCanary = (revisions: AppReply["revisions"]) => revisions.some(({ canary }) => canary?.state === "running");
