/** Which content coding a client wants (RFC 9110, 12.5.3). */

export type Coding = "zstd" | "br" | "gzip";

/** In the order in which the gateway prefers them among those that a client wants equally: the first costs the least CPU for what it saves. */
const offered: readonly Coding[] = ["zstd", "br", "gzip"];
/** Clients send less than this. Parsing more would cost time for nothing. */
const MOST_CHARACTERS = 512;

/** @param header the request's Accept-Encoding. Returns undefined if the reply is to stay as it is. */
export function acceptedCoding(header: string | undefined): Coding | undefined {
  if (header === undefined || header.length > MOST_CHARACTERS) return undefined;
  const weights = weightsIn(header);
  const others = weights.get("*") ?? 0;
  let best: Coding | undefined;
  // The reply as it is wins where the client says that it wants that more.
  let least = weights.get("identity") ?? 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? others;
    if (weight > 0 && (best === undefined ? weight >= least : weight > least)) [best, least] = [coding, weight];
  }
  return best;
}

function weightsIn(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((each) => each.startsWith("q="));
    const weight = q === undefined ? 1 : Number(/^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(q)?.[1] ?? 0);
    if (name !== "") weights.set(name, weight);
  }
  return weights;
}
