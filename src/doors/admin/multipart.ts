/** Encodes a form piece by piece, so that files in it are read from the disk while they are sent. */
import { randomUUID } from "node:crypto";

interface EncodedForm {
  headers: { "content-type": string; "content-length": number };
  body: AsyncIterable<Uint8Array>;
}

export function encodeForm(form: FormData): EncodedForm {
  const boundary = `mayfly-${randomUUID()}`;
  const parts = [...form].map(([name, value]) => {
    const file = typeof value === "string" ? "" : `; filename="${escaped(value.name)}"\r\ncontent-type: application/octet-stream`;
    const head = Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${escaped(name)}"${file}\r\n\r\n`);
    return { head, value };
  });
  const end = Buffer.from(`--${boundary}--\r\n`);
  const sizes = parts.map(
    ({ head, value }) => head.length + (typeof value === "string" ? Buffer.byteLength(value) : value.size) + NEW_LINE.length,
  );
  return {
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": sizes.reduce((sum, size) => sum + size, end.length),
    },
    body: pieces(parts, end),
  };
}

async function* pieces(parts: { head: Buffer; value: string | File }[], end: Buffer): AsyncGenerator<Uint8Array, void> {
  for (const { head, value } of parts) {
    yield head;
    if (typeof value === "string") yield Buffer.from(value);
    else yield* value.stream();
    yield NEW_LINE;
  }
  yield end;
}

const NEW_LINE = Buffer.from("\r\n");

/** As browsers write names in a form's headers. */
function escaped(name: string): string {
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
