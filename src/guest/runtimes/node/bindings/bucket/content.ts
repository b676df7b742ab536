/** What an app may give as an object's content. */
export async function bytesOf(value: unknown): Promise<Buffer> {
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (typeof value === "string") return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof Blob) return Buffer.from(await value.arrayBuffer());
  if (typeof (value as AsyncIterable<Uint8Array>)[Symbol.asyncIterator] !== "function")
    throw new TypeError("An object's content is a text, bytes, a Blob or a stream");
  const chunks: Uint8Array[] = [];
  for await (const chunk of value as AsyncIterable<Uint8Array | string>)
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}
