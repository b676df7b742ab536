/**
 * `env.NAME` of a queue, in the shape of Cloudflare's Queue, with what Mayfly's FIFO queues need besides. What is no text is sent as JSON or base64, and the attribute
 * `Content-Type` of the message says which. Its requests go to the host over the machine's own channel.
 */
import { request } from "./request.ts";

type QueueContentType = "json" | "text" | "bytes";

export interface QueueSendOptions {
  /** Default: json. */
  contentType?: QueueContentType;
  /** Seconds for which nobody gets the message, up to 900. */
  delaySeconds?: number;
  /** Of a FIFO queue: the group within which messages keep their order. Default: all that name none are one. */
  group?: string;
  /** Of a FIFO queue: of messages with the same id in 5 minutes, only the first is kept. Default: the text's hash. */
  dedupId?: string;
}

export interface QueueMessage extends QueueSendOptions {
  body: unknown;
}

/** Messages that the API takes in one request, and the bytes of them together; half of the limit, as attributes count, too. */
const MOST_OF_REQUEST = 10;
const BYTES_OF_REQUEST = 512 * 1_024;
export const CONTENT_TYPE = "Content-Type";
const USUAL_GROUP = "default";

export class Queue {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Resolves when the message is on the disk. */
  async send(body: unknown, options: QueueSendOptions = {}): Promise<{ id: string }> {
    const answer = await call("SendMessage", { QueueUrl: this.#name, ...this.#entry({ ...options, body }) });
    return { id: (answer as { MessageId: string }).MessageId };
  }

  /** Resolves when all messages are on the disk. If it rejects, some of them may be: the error names how many, in their order. */
  async sendBatch(
    messages: Iterable<QueueMessage>,
    { delaySeconds }: Pick<QueueSendOptions, "delaySeconds"> = {},
  ): Promise<{ ids: string[] }> {
    const delay = delaySeconds === undefined ? {} : { delaySeconds };
    const entries = [...messages].map((message) => this.#entry({ ...delay, ...message }));
    const ids: string[] = [];
    for (const some of partsOf(entries)) {
      const Entries = some.map((entry, at) => Object.assign(entry, { Id: String(at) }));
      const answer = (await call("SendMessageBatch", { QueueUrl: this.#name, Entries })) as BatchAnswer;
      const [failed] = answer.Failed ?? [];
      if (failed !== undefined)
        throw Object.assign(new Error(`${failed.Message} (${ids.length} messages before were sent)`), { code: failed.Code });
      ids.push(...(answer.Successful ?? []).map(({ MessageId }) => MessageId));
    }
    return { ids };
  }

  #entry({ body, contentType = "json", delaySeconds, group, dedupId }: QueueMessage): { MessageBody: string } {
    const isFifo = this.#name.endsWith(".fifo");
    return {
      MessageBody: textOf(body, contentType),
      ...(contentType !== "json" && { MessageAttributes: { [CONTENT_TYPE]: { DataType: "String", StringValue: contentType } } }),
      ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
      ...((group !== undefined || isFifo) && { MessageGroupId: group ?? USUAL_GROUP }),
      ...(dedupId !== undefined && { MessageDeduplicationId: dedupId }),
    };
  }
}

interface BatchAnswer {
  Successful?: { MessageId: string }[];
  Failed?: { Code: string; Message: string }[];
}

async function call(operation: string, members: object): Promise<unknown> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` };
  const { body } = await request("sqs", "POST", "/", headers, Buffer.from(JSON.stringify(members)));
  return JSON.parse(body.toString());
}

/** As few requests as there may be. */
function* partsOf(entries: readonly { MessageBody: string }[]): Generator<{ MessageBody: string }[]> {
  let part: { MessageBody: string }[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const more = Buffer.byteLength(entry.MessageBody);
    if (part.length === MOST_OF_REQUEST || (part.length > 0 && bytes + more > BYTES_OF_REQUEST)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += more;
  }
  if (part.length > 0) yield part;
}

function textOf(body: unknown, type: QueueContentType): string {
  switch (type) {
    case "json": {
      const text = JSON.stringify(body) as string | undefined;
      if (text === undefined) throw new TypeError(`JSON has no form for ${typeof body}`);
      return text;
    }
    case "text":
      if (typeof body !== "string") throw new TypeError("a body of the type text must be a string");
      return body;
    case "bytes":
      if (body instanceof ArrayBuffer) return Buffer.from(body).toString("base64");
      if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64");
      throw new TypeError("a body of the type bytes must be an ArrayBuffer or a view of one");
    default:
      throw new TypeError(`the content type must be json, text or bytes, and is ${String(type)}`);
  }
}
