interface PagerProps {
  /** What the pages up to this one begin after; the first begins after the empty text. */
  after: readonly string[];
  /** What the next page begins after; null: there is none. */
  next: string | null;
  onMove: (after: readonly string[]) => void;
}

/** Moves between pages of a list that is only ever asked for what comes next. */
export function Pager({ after, next, onMove }: PagerProps) {
  if (after.length === 1 && next === null) return null;
  return (
    <div class="pager">
      <button class="button" type="button" disabled={after.length === 1} onClick={() => onMove(after.slice(0, -1))}>
        Back
      </button>
      <button class="button" type="button" disabled={next === null} onClick={() => onMove([...after, next!])}>
        More
      </button>
    </div>
  );
}
