/** What a request's conditions and its range come to (RFC 9110, sections 13 and 14), for files whose only validator is a strong entity tag. */

export interface Asked {
  ifNoneMatch: string | undefined;
  ifMatch: string | undefined;
  ifRange: string | undefined;
  range: string | undefined;
}

export type Verdict =
  | { status: 200 | 304 | 412 | 416 }
  /** Both ends are inclusive. */
  | { status: 206; first: number; last: number };

/** @param bytes the length of what would be sent */
export function judge({ ifNoneMatch, ifMatch, ifRange, range }: Asked, etag: string, bytes: number): Verdict {
  if (ifMatch !== undefined && !names(ifMatch, etag, false)) return { status: 412 };
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag, true)) return { status: 304 };
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { status: 200 };
  return rangeIn(range, bytes);
}

/** @param weakly whether tags that stand for the same content are the same, though the bytes may differ */
function names(list: string, etag: string, weakly: boolean): boolean {
  return list.split(",").some((item) => {
    const tag = item.trim();
    return tag === "*" || (weakly && tag.startsWith("W/") ? tag.slice(2) : tag) === etag;
  });
}

/** A server may ignore a range that it cannot read, and one of several parts, which would cost more than the whole. */
function rangeIn(range: string, bytes: number): Verdict {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range.replaceAll(/[ \t]/g, "")) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return { status: 200 };
  const last = bytes - 1;
  if (from === "") {
    const length = Number(to);
    return length === 0 || bytes === 0 ? { status: 416 } : { status: 206, first: Math.max(0, bytes - length), last };
  }
  if (to !== "" && Number(to) < Number(from)) return { status: 200 };
  if (Number(from) > last) return { status: 416 };
  return { status: 206, first: Number(from), last: to === "" ? last : Math.min(last, Number(to)) };
}
