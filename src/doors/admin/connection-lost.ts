import { MayflyError } from "../../base/errors/error.ts";

/**
 * The error of a connection that was made and then cut, with a request under way; undefined where it is something else, as where nobody listens. What
 * Node, undici and streams throw for it differs; their causes do not.
 */
export function connectionLost(url: string, thrown: unknown): MayflyError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ("code" in error && cuts.has(String(error.code))) return new MayflyError("connection-lost", { url, reason: error.message }, thrown);
  return undefined;
}

const cuts = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE", "UND_ERR_BODY_TIMEOUT"]);
