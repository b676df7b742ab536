/** A reply of lines of JSON, read as they come. */

/** Empty lines, which keep the connection alive, are passed over. It ends without an error when the signal is aborted. */
export async function* jsonLines<Line>(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Line, void> {
  // Safari has no iteration of streams.
  const reader = response.body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let begun = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const [first = "", ...more] = value.split("\n");
      const lines = more.length === 0 ? [] : [begun + first, ...more.slice(0, -1)];
      begun = more.length === 0 ? begun + first : more.at(-1)!;
      for (const line of lines) if (line !== "") yield JSON.parse(line) as Line;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    // The caller has had enough, or the connection is gone already.
    await reader.cancel().catch(() => undefined);
  }
}
