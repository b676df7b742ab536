import { MayflyError } from "../../../base/errors/error.ts";
import type { QueueRef } from "../../../services/queues/queue.ts";
import { attributeOf, isAttribute, readAttributes, showAttributes } from "../attributes.ts";
import { queueUrl, type SqsCall, type SqsOperation } from "../call.ts";
import { checkName, FIFO } from "../queue-name.ts";
import { invalidParameter, SqsError } from "../sqs-error.ts";

const MOST_LISTED = 1_000;
/** AWS lets a queue be purged once in this time. */
const PURGE_MS = 60_000;

export const queueOperations: Readonly<Record<string, SqsOperation>> = {
  CreateQueue: { right: "deploy", handle: create },
  GetQueueUrl: {
    right: "read",
    async handle(call) {
      const name = call.input.needed("QueueName");
      await call.queues.look({ ...ownRef(call), name });
      return { QueueUrl: queueUrl(call, name) };
    },
  },
  ListQueues: { right: "read", handle: (call) => list(call, "QueueUrls", { prefix: call.input.text("QueueNamePrefix") }) },
  ListDeadLetterSourceQueues: {
    right: "read",
    async handle(call) {
      const { name } = await call.look();
      return { queueUrls: [], ...(await list(call, "queueUrls", { deadLettersTo: name })) };
    },
  },
  GetQueueAttributes: { right: "read", handle: getAttributes },
  SetQueueAttributes: {
    right: "deploy",
    async handle(call) {
      const { isFifo } = await call.look();
      await call.queues.change(call.ref(), readAttributes(call.input.map("Attributes"), call.account, isFifo));
      return {};
    },
  },
  DeleteQueue: { right: "deploy", handle: async (call) => nothing(call.queues.remove(call.ref())) },
  PurgeQueue: { right: "deploy", handle: async (call) => nothing(call.queues.messages.purge(call.ref(), PURGE_MS)) },
  TagQueue: {
    right: "deploy",
    handle: async (call) => nothing(call.queues.tag(call.ref(), Object.fromEntries(call.input.map("Tags")), [])),
  },
  UntagQueue: { right: "deploy", handle: async (call) => nothing(call.queues.tag(call.ref(), {}, call.input.texts("TagKeys"))) },
  ListQueueTags: {
    right: "read",
    async handle(call) {
      const { tags } = await call.look();
      return Object.keys(tags).length === 0 ? {} : { Tags: tags };
    },
  },
  AddPermission: { right: "deploy", handle: withoutPolicies },
  RemovePermission: { right: "deploy", handle: withoutPolicies },
};

function withoutPolicies(): never {
  throw new SqsError(
    "UnsupportedOperation",
    "Policies of queues are not supported on this server; keys of its principals say who may do what.",
  );
}

async function nothing(done: Promise<unknown>): Promise<Record<string, unknown>> {
  await done;
  return {};
}

function ownRef({ account, principal }: SqsCall): Omit<QueueRef, "name"> {
  return { tenant: account.tenant, apps: principal.apps, withShared: true };
}

async function create(call: SqsCall): Promise<Record<string, unknown>> {
  const { input, account, queues } = call;
  const name = input.needed("QueueName");
  const attributes = input.map("Attributes");
  const fifo = attributes.get("FifoQueue")?.toLowerCase();
  // A name that does not end so with FifoQueue=false is told that there is no such attribute, as AWS does.
  const isFifo = fifo === "true" || (fifo !== undefined && name.endsWith(FIFO));
  checkName(name, isFifo);
  const settings = { ...readAttributes(attributes, account, isFifo), isFifo };
  const tags = Object.fromEntries([...input.map("tags"), ...input.map("Tags")]);
  try {
    await queues.create({ tenant: account.tenant, app: appOf(call), name, settings, tags });
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== "queue-exists") throw error;
    const attribute = attributeOf(String(error.details["what"]));
    throw new SqsError("QueueNameExists", `A queue already exists with the same name and a different value for attribute ${attribute}`);
  }
  return { QueueUrl: queueUrl(call, name) };
}

/** Whose the new queue is: that of the one app that the principal is bounded to. */
function appOf({ principal: { apps, name } }: SqsCall): string | null {
  if (apps === null) return null;
  if (apps.length === 1) return apps[0]!;
  throw new SqsError(
    "AccessDeniedException",
    `User ${name} may use several apps; a queue must be made by one that is bounded to one app, or to none.`,
  );
}

async function list(
  call: SqsCall,
  member: string,
  which: { prefix?: string | undefined; deadLettersTo?: string },
): Promise<Record<string, unknown>> {
  const asked = call.input.integer("MaxResults");
  const most = asked ?? MOST_LISTED;
  if (most < 1 || most > MOST_LISTED)
    throw invalidParameter(`Value ${most} for parameter MaxResults is invalid. Reason: must be between 1 and 1000, if provided.`);
  const token = call.input.text("NextToken");
  const after = token === undefined ? undefined : nameOf(token);
  const found = await call.queues.list({ ...ownRef(call), ...which, after, most: most + 1 });
  const urls = found.slice(0, most).map(({ name }) => queueUrl(call, name));
  // Without MaxResults, AWS gives no token either.
  const next = found.length > most && asked !== undefined ? { NextToken: Buffer.from(urls.at(-1)!).toString("base64") } : {};
  return urls.length === 0 ? next : { ...next, [member]: urls };
}

function nameOf(token: string): string {
  const name = /\/([\w.-]{1,80})$/.exec(Buffer.from(token, "base64").toString("latin1"))?.[1];
  if (name === undefined) throw invalidParameter("Invalid or expired NextToken value.");
  return name;
}

async function getAttributes(call: SqsCall): Promise<Record<string, unknown>> {
  const wanted = call.input.texts("AttributeNames");
  const queue = await call.queues.find(call.ref());
  const unknown = wanted.find((name) => !isAttribute(name));
  if (unknown !== undefined) throw new SqsError("InvalidAttributeName", `Unknown Attribute ${unknown.slice(0, 100)}.`);
  const all = [...showAttributes(queue, call.account)];
  const shown = wanted.includes("All") ? all : all.filter(([name]) => wanted.includes(name));
  return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
}
