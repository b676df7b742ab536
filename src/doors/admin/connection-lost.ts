import { MayflyError } from "../../base/errors/error.ts";

/**
 * The error for a connection that was cut while a request was under way; undefined for any other error, for example if nobody listens. What
 * Node, undici and streams throw for it differs, but the causes of what they throw are the same.
 */
export function connectionLost(url: string, thrown: unknown): MayflyError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ("code" in error && cuts.has(String(error.code))) return new MayflyError("connection-lost", { url, reason: error.message }, thrown);
  return undefined;
}

const cuts = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE", "UND_ERR_BODY_TIMEOUT"]);
