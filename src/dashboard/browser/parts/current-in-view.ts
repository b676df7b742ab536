import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** For a row of links that is scrolled on narrow screens: the link of what is shown comes to its middle. @param current changes with what is shown */
export function useCurrentInView<Row extends HTMLElement>(current: string): RefObject<Row | null> {
  const row = useRef<Row>(null);
  useEffect(() => {
    const link = row.current?.querySelector("[aria-current]");
    if (!row.current || !link) return;
    const [outer, inner] = [row.current.getBoundingClientRect(), link.getBoundingClientRect()];
    // Not by scrollIntoView, which scrolls the page, too.
    row.current.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }, [current]);
  return row;
}
