/** A call's own page: where its time went, what it said, what it cost. */
import type { ComponentChildren } from "preact";
import { lineInWords, quantityInWords } from "../../model/bill-words.ts";
import { bytes, dateAndTime, milliseconds, moment, money, number, timeOfDay, times } from "../../model/format.ts";
import { barsOf, callerInWords, hasFailed, outcomeInWords, traceIn, waited } from "../../model/invocation.ts";
import type { InvocationReply, LogLineReply, ShownInvocationReply } from "../../model/replies.ts";
import { hashOf } from "../../model/route.ts";
import { ask } from "../api.ts";
import { LineText } from "../parts/line-text.tsx";
import { Card, Page } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { useData } from "../use-data.ts";
import { serverNow } from "../server-time.ts";

/** A call that has just ended may still say something, and is on the bill a few seconds later. */
const RELOAD_MS = 5_000;
const MOST_LINES = 1_000;

export function CallPage({ app, invocation }: { app: string; invocation: string }) {
  const path = `/v1/apps/${encodeURIComponent(app)}`;
  const call = useData<ShownInvocationReply>(
    (signal) => ask(`${path}/invocations/${encodeURIComponent(invocation)}`, { signal }),
    [path, invocation],
    RELOAD_MS,
  );
  return (
    <Page
      title="Call"
      about={
        <>
          <a href="#/apps">Apps</a> / <a href={hashOf(["apps", app])}>{app}</a> /{" "}
          <a href={hashOf(["apps", app], { tab: "calls" })}>Calls</a> / <span class="mono">{invocation}</span>
        </>
      }
    >
      <div class="stack">
        <Shown loaded={call} height={320}>
          {({ attempts, cost }) => (
            <>
              {attempts.map((one) => (
                <Attempt key={`${one.attempt} ${one.at}`} call={one} isOne={attempts.length === 1} />
              ))}
              <Cost cost={cost} />
            </>
          )}
        </Shown>
        <Log app={app} invocation={invocation} path={path} />
      </div>
    </Page>
  );
}

function Attempt({ call, isOne }: { call: InvocationReply; isOne: boolean }) {
  const { at, error, machine, number: revision, branch, requestBytes, replyBytes, attempt, memoryMb, traceparent } = call;
  return (
    <Card
      title={isOne ? call.function : `${call.function}, attempt ${attempt}`}
      about={`${milliseconds(waited(call))} until its reply began`}
    >
      {error !== null && (
        <div class="note-box bad">
          <strong>{call.outcome}</strong>
          <p>{error}</p>
        </div>
      )}
      <Waterfall call={call} />
      <dl class="facts wide">
        <Fact name="Outcome">
          <span class={hasFailed(call) ? "bad-text" : ""}>{outcomeInWords(call)}</span>
        </Fact>
        <Fact name="Called by">{callerInWords(call)}</Fact>
        <Fact name="Attempt">{attempt}</Fact>
        <Fact name="Ended">
          <time dateTime={new Date(at).toISOString()}>
            {dateAndTime(at)}
            {timeOfDay(at).slice(5)}
          </time>
        </Fact>
        <Fact name="Machine">
          {machine === null ? "It was given to none." : <a href={hashOf(["fleet"], { machine })}>{machine}</a>}
          {machine !== null && `, ${number(memoryMb)} MB`}
        </Fact>
        <Fact name="Revision">
          {revision === null ? "none that is stored" : revision}
          {branch !== null && `, named ${branch}`}
        </Fact>
        <Fact name="Request">{bytes(requestBytes)}</Fact>
        <Fact name="Reply">{bytes(replyBytes)}</Fact>
        <Fact name="Trace">
          <span class="mono">{traceIn(traceparent) || "none"}</span>
        </Fact>
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="number">{children}</dd>
    </div>
  );
}

function Waterfall({ call }: { call: InvocationReply }) {
  const bars = barsOf(call);
  if (bars.length === 0) return <p class="muted">It was refused at once.</p>;
  return (
    <ol class="bars-of-time spans" aria-label="Where its time went, in the order of time">
      {bars.map(({ name, ms, words, left, width }) => (
        <li key={name}>
          <b>{name === "rest" ? "after that" : name}</b>
          <span class="track">
            <i data-span={name} style={{ left: `min(${100 * left}%, 100% - 3px)`, width: `max(3px, ${100 * width}%)` }} />
          </span>
          <span class="number">{milliseconds(ms)}</span>
          <span class="muted words">{words}</span>
        </li>
      ))}
    </ol>
  );
}

type Line = NonNullable<ShownInvocationReply["cost"]>["lines"][number];

function Cost({ cost }: Pick<ShownInvocationReply, "cost">) {
  if (cost === null)
    return (
      <Card title="Cost">
        <p class="muted">It is on no bill: it was given to no machine, or ended a moment ago.</p>
      </Card>
    );
  const { lines, currency, wallClock, calls, month } = cost;
  const cheaper = times(wallClock.cost, cost.cost);
  const columns: Column<Line>[] = [
    { title: "What", cell: ({ what }) => lineInWords(what) },
    {
      title: "Used",
      isNumber: true,
      cell: ({ quantity, unit }) => (unit === "s" ? milliseconds(1_000 * quantity) : quantityInWords(quantity, unit)),
    },
    { title: "Cost", isNumber: true, cell: (line) => money(line.cost, currency) },
  ];
  return (
    <Card title="Cost" about="Its share of the month's bill">
      <p class="big number">{money(cost.cost, currency)}</p>
      <p class="muted spent-words">
        At wall-clock prices {money(wallClock.cost, currency)}
        {cheaper !== undefined && `, ${cheaper} as much`}. Calls share machines, and nobody sees from outside which one used how much: this
        is its share of what {calls === 1 ? "the one call" : `${number(calls)} calls`} of the function cost in {month}, CPU in equal parts,
        bring-up and memory by the time for which it took a slot.
      </p>
      <Table label="Lines of what the call cost" columns={columns} rows={lines} keyOf={({ what }) => what} />
    </Card>
  );
}

/** Searched for on the server, so that lines are found that the page of the app's log has no more. */
function Log({ app, invocation, path }: { app: string; invocation: string; path: string }) {
  const loaded = useData<{ lines: LogLineReply[] }>(
    (signal) => ask(`${path}/logs`, { query: { invocation, tail: MOST_LINES }, signal }),
    [path, invocation],
    RELOAD_MS,
  );
  return (
    <Card title="Log" about={<a href={hashOf(["apps", app], { tab: "logs" })}>The whole app's</a>}>
      <Shown loaded={loaded} height={80}>
        {({ lines }) =>
          lines.length === 0 ? (
            <p class="muted">It has said nothing that is still kept.</p>
          ) : (
            <div class="log" tabIndex={0} role="log" aria-label="Log of the call" aria-live="off">
              {lines.map((line, index) => (
                <div key={index} class="log-line" data-level={line.level}>
                  <time class="number">{moment(line.at, serverNow())}</time>
                  <b>{line.level}</b>
                  <span>{line.function}</span>
                  <LineText text={line.text} />
                </div>
              ))}
            </div>
          )
        }
      </Shown>
    </Card>
  );
}
