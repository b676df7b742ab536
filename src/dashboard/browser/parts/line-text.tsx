import { useState } from "preact/hooks";
import { bytes } from "../../model/format.ts";

/** Of a line, which may have 64 KiB: more of each of a thousand lines would keep the page busy for minutes. */
const AT_FIRST = 2_000;

/** The text of a line of a log: its beginning, until more is asked for. */
export function LineText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (isWhole || text.length <= AT_FIRST) return <span class="log-text">{text}</span>;
  return (
    <span class="log-text">
      {text.slice(0, AT_FIRST).toWellFormed()}{" "}
      <button class="link" type="button" onClick={() => setWhole(true)}>
        … all {bytes(text.length)}
      </button>
    </span>
  );
}
