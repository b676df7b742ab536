import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { moment } from "../../../model/format.ts";
import { found, LineReader, MOST_LINES, type NumberedLine, withMore } from "../../../model/log-lines.ts";
import type { LogLineReply } from "../../../model/replies.ts";
import { hashOf } from "../../../model/route.ts";
import { Refused, send } from "../../api.ts";
import { route } from "../../location.ts";
import { LineText } from "../../parts/line-text.tsx";
import { Empty, Failed } from "../../parts/states.tsx";
import { tenant } from "../../session.ts";
import type { TabProps } from "./tab.ts";
import { serverNow } from "../../server-time.ts";

/** The address has the search, so that the log of an invocation can be shared. */
export function LogsTab({ app, path }: TabProps) {
  const search = route.value.query.get("search") ?? "";
  const [isPaused, setPaused] = useState(false);
  const { lines, error } = useLines(path, isPaused);
  const shown = useMemo(() => found(lines, search), [lines, search]);
  const end = useRef<HTMLDivElement>(null);
  // Whoever has scrolled up reads on where they are.
  const isAtEnd = useRef(true);
  useEffect(() => {
    const box = end.current;
    if (box !== null && isAtEnd.current) box.scrollTop = box.scrollHeight;
  }, [shown]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: { currentTarget: HTMLElement }) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 60;
  };
  // The way back leads to the page before this one, and not to each letter that was typed.
  const find = (text: string) => location.replace(hashOf(["apps", app.app], { tab: "logs", search: text }));
  return (
    <div class="stack">
      <div class="toolbar">
        <label class="grow">
          <span class="unseen">Search in the lines</span>
          <input
            class="input"
            type="search"
            placeholder="Text, function, level, machine or invocation"
            value={search}
            onInput={(event) => find(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
        <button class="button" type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? "Go on" : "Pause"}
        </button>
      </div>
      {error && <Failed error={error} />}
      {shown.length === 0 ? (
        <Empty title={search === "" ? "The app has said nothing yet." : "No line of the newest ones has this text."}>
          {search === "" && "What its functions print stands here as it comes, and what the platform says about their machines."}
        </Empty>
      ) : (
        <div class="log" ref={end} onScroll={onScroll} tabIndex={0} role="log" aria-label={`Log of ${app.app}`} aria-live="off">
          {shown.map((line) => (
            <Line key={line.number} app={app.app} line={line} />
          ))}
        </div>
      )}
    </div>
  );
}

function Line({ app, line }: { app: string; line: NumberedLine }) {
  return useMemo(
    () => (
      <div class="log-line" data-level={line.level}>
        <time class="number">{moment(line.at, serverNow())}</time>
        <b>{line.level}</b>
        <span>{line.function}</span>
        <LineText text={line.text} />
        {line.invocation !== undefined && (
          <a href={hashOf(["apps", app, "calls", line.invocation])} title="Where this call's time went, and all that it said">
            {line.invocation}
          </a>
        )}
      </div>
    ),
    [line],
  );
}

/** Milliseconds between two attempts to connect: the first, and the most. */
const PAUSE_MS = { first: 1_000, most: 15_000 };

/** The newest lines, then new ones as they come; several at once are shown together. A connection that ends is made again, as when the server was restarted. */
function useLines(path: string, isPaused: boolean): { lines: readonly NumberedLine[]; error: Error | undefined } {
  const [lines, setLines] = useState<readonly NumberedLine[]>([]);
  const [error, setError] = useState<Error>();
  useEffect(() => {
    if (isPaused) return undefined;
    const over = new AbortController();
    let waiting: LogLineReply[] = [];
    const show = () => {
      if (waiting.length === 0) return;
      const some = waiting;
      waiting = [];
      setLines((before) => withMore(before, some));
    };
    const timer = setInterval(show, 200);
    setLines([]);
    setError(undefined);
    const follow = async () => {
      for (let pauseMs = PAUSE_MS.first; !over.signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.most)) {
        try {
          await read(() => (pauseMs = PAUSE_MS.first));
        } catch (thrown) {
          if (over.signal.aborted) return;
          setError(thrown as Error);
          if (thrown instanceof Refused && thrown.status < 500) return;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    const read = async (connected: () => void) => {
      const response = await send(`${path}/logs/follow`, { query: { tail: 500 }, signal: over.signal });
      connected();
      // It begins with the newest lines, which may have been there before.
      waiting = [];
      setLines([]);
      setError(undefined);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const text = new LineReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read())
        // A page that nobody sees draws seldom, so that more than it keeps may come until then.
        waiting = [...waiting, ...text.take(piece.value)].slice(-MOST_LINES);
    };
    void follow();
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [path, isPaused, tenant.value]);
  return { lines, error };
}
