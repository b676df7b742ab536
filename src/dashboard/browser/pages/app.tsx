import "./app/app.css";
import type { FunctionComponent } from "preact";
import type { AppReply } from "../../model/replies.ts";
import { hashOf } from "../../model/route.ts";
import { ask } from "../api.ts";
import { route } from "../location.ts";
import { useCurrentInView } from "../parts/current-in-view.ts";
import { Page } from "../parts/page.tsx";
import { Failed, Loading } from "../parts/states.tsx";
import { useData } from "../use-data.ts";
import { CallsTab } from "./app/calls.tsx";
import { CallTab } from "./app/call.tsx";
import { CostTab } from "./app/cost.tsx";
import { DataTab } from "./app/data.tsx";
import { EventsTab } from "./app/events.tsx";
import { LogsTab } from "./app/logs.tsx";
import { QueuesTab } from "./app/queues.tsx";
import { RunsTab } from "./app/runs.tsx";
import { SummaryTab } from "./app/summary.tsx";
import type { TabProps } from "./app/tab.ts";
import { TrafficTab } from "./app/traffic.tsx";

interface Tab {
  name: string;
  title: string;
  Content: FunctionComponent<TabProps>;
}

const tabs: readonly Tab[] = [
  { name: "", title: "Summary", Content: SummaryTab },
  { name: "traffic", title: "Traffic", Content: TrafficTab },
  { name: "events", title: "Triggers and events", Content: EventsTab },
  { name: "queues", title: "Queues", Content: QueuesTab },
  { name: "data", title: "Data", Content: DataTab },
  { name: "runs", title: "Runs", Content: RunsTab },
  { name: "calls", title: "Calls", Content: CallsTab },
  { name: "logs", title: "Logs", Content: LogsTab },
  { name: "cost", title: "Cost, limits, secrets", Content: CostTab },
  { name: "call", title: "Call", Content: CallTab },
];

export function AppPage({ app }: { app: string }) {
  const path = `/v1/apps/${encodeURIComponent(app)}`;
  const { data, error, reload } = useData<AppReply>((signal) => ask(path, { signal }), [path], 5_000);
  const tab = tabs.find(({ name }) => name === (route.value.query.get("tab") ?? "")) ?? tabs[0]!;
  const nav = useCurrentInView<HTMLElement>(tab.name);
  return (
    <Page
      title={app}
      about={
        <>
          <a href="#/apps">Apps</a> / What this app does, what starts it, what it says and what it costs.
        </>
      }
    >
      <nav class="tabs" ref={nav} aria-label={`Parts of ${app}`}>
        {tabs.map(({ name, title }) => (
          <a key={name} href={hashOf(["apps", app], { tab: name })} aria-current={name === tab.name ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {data?.problem && (
        <div class="note-box bad">
          <strong>The app is not served: {data.problem}</strong>
        </div>
      )}
      {data === undefined ? (
        error ? (
          <Failed error={error} onRetry={reload} />
        ) : (
          <Loading height={320} />
        )
      ) : (
        <tab.Content key={tab.name} app={data} path={path} onChange={reload} />
      )}
    </Page>
  );
}
