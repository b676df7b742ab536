import { useMemo } from "preact/hooks";
import { milliseconds, number } from "../../../model/format.ts";
import type { ExplainReply, HistoryReply, HostReply, PointReply } from "../../../model/replies.ts";
import { functionUrl, hashOf } from "../../../model/route.ts";
import { ask } from "../../api.ts";
import { session, tenant } from "../../session.ts";
import { Card } from "../../parts/page.tsx";
import { Plot } from "../../parts/plot.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

export function SummaryTab({ app, path }: TabProps) {
  const explained = useData<ExplainReply>((signal) => ask(`${path}/explain`, { query: { limit: 0 }, signal }), [path], 5_000);
  const host = useData<HostReply>((signal) => ask("/v1/host", { signal }), ["host"]);
  const urlOf = ({ urls }: HostReply, name: string) =>
    functionUrl(urls.gateway, tenant.value || (session.value?.principal.tenant ?? ""), app.app, name);
  const functions = Object.keys(app.live?.manifest.functions ?? {});
  return (
    <div class="cards">
      <AppPlots path={path} />
      <Card title="Now" about="In the words of mayfly explain">
        {explained.data === undefined ? (
          explained.error ? (
            <Failed error={explained.error} onRetry={explained.reload} />
          ) : (
            <Loading height={140} />
          )
        ) : (
          <ul class="plain-list">
            {explained.data.now.length === 0 && <li class="muted">Nobody has called the app lately.</li>}
            {explained.data.now.map((sentence, index) => (
              <li key={index}>{sentence}</li>
            ))}
          </ul>
        )}
        <p>
          <a href={hashOf(["simulator"], { app: app.app })}>What if its machines were kept by other rules?</a>
        </p>
      </Card>
      <Card title="Functions" about={app.live === null ? "" : `Of revision ${app.live.number}, which most calls go to`}>
        <ul class="plain-list">
          {functions.map((name) => (
            <li key={name}>
              <code>{name}</code>{" "}
              {host.data !== undefined && (
                <a class="mono" href={urlOf(host.data, name)} target="_blank" rel="noreferrer">
                  {urlOf(host.data, name)}
                </a>
              )}
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

function AppPlots({ path }: { path: string }) {
  const { data, error, reload } = useData<HistoryReply>(
    (signal) => ask(`${path}/history`, { query: { span: "hour" }, signal }),
    [path],
    10_000,
  );
  const shown = useMemo(() => {
    const values = (of: (point: PointReply) => number | null) => data?.points.map((point) => (point === null ? null : of(point))) ?? [];
    return {
      calls: [
        { label: "Succeeded", colour: "plot-1", values: values(({ calls, failed }) => calls - failed) },
        { label: "Failed", colour: "plot-2", values: values(({ failed }) => failed) },
      ],
      waits: [
        { label: "Median", colour: "plot-1", values: values(({ p50 }) => p50) },
        { label: "99th percentile", colour: "plot-3", values: values(({ p99 }) => p99) },
      ],
    };
  }, [data]);
  if (data === undefined)
    return error ? (
      <Failed error={error} onRetry={reload} />
    ) : (
      <>
        <div class="card">
          <Loading height={260} />
        </div>
        <div class="card">
          <Loading height={260} />
        </div>
      </>
    );
  return (
    <>
      <Plot title="Calls per second" about="The last hour" at={data.at} lines={shown.calls} format={number} isShort />
      <Plot title="Time until a reply begins" about="The last hour" at={data.at} lines={shown.waits} format={milliseconds} isShort />
    </>
  );
}
