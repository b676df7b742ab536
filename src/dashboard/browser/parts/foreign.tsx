import { useState } from "preact/hooks";
import { number } from "../../model/format.ts";

/** More would make the page slow, and nobody reads it at once. */
const AT_FIRST = 10_000;

interface ForeignProps {
  text: string;
  /** What it is, for screen readers. */
  label: string;
}

/** A text that functions or their callers have made: it is shown as it is, and changes nothing around it, whatever is in it. Of a long one, the beginning is shown until more is asked for. */
export function Foreign({ text, label }: ForeignProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole || text.length <= AT_FIRST ? text : text.slice(0, AT_FIRST).toWellFormed();
  return (
    <div class="foreign">
      <pre tabIndex={0} role="region" aria-label={label} dir="auto">
        {shown === "" ? <span class="muted">empty</span> : shown}
      </pre>
      {shown.length < text.length && (
        <p class="muted">
          The first {number(AT_FIRST)} of {text.length.toLocaleString("en")} characters.{" "}
          <button class="link" type="button" onClick={() => setWhole(true)}>
            Show all
          </button>
        </p>
      )}
    </div>
  );
}
