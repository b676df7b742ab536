/** How /etc/resolv.conf completes a short name: `search`, `domain` and `ndots` of resolv.conf(5). */
export interface SearchList {
  domains: string[];
  dots: number;
}

/** The limits that resolv.conf(5) sets. */
const MOST_DOMAINS = 6;
const MOST_DOTS = 15;

/** The names to query in order, until one has an address. A name with a trailing dot is complete. */
export function candidates(name: string, { domains, dots }: SearchList): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const completed = domains.map((domain) => `${name}.${domain}`).filter((full) => full.length <= 253);
  return name.split(".").length > dots ? [name, ...completed] : [...completed, name];
}

/** @param text the content of resolv.conf */
export function parseSearchList(text: string): SearchList {
  let domains: string[] = [];
  let dots = 1;
  for (const line of text.split("\n")) {
    const [key, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (key === "search" || key === "domain") domains = values.slice(0, key === "domain" ? 1 : MOST_DOMAINS);
    if (key === "options") dots = dotsOf(values) ?? dots;
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, "")).filter((domain) => domain !== ""), dots };
}

function dotsOf(options: string[]): number | undefined {
  const given = options.map((option) => /^ndots:(\d{1,3})$/.exec(option)?.[1]).findLast((dots) => dots !== undefined);
  return given === undefined ? undefined : Math.min(Number(given), MOST_DOTS);
}
