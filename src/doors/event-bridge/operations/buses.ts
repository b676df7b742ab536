/** Event buses. */
import type { Bus } from "../../../events/bus/bus.ts";
import { DEFAULT_BUS } from "../../../events/bus/bus.ts";
import { pageOf } from "../../aws/pages.ts";
import { invalid, ServiceError } from "../../aws/service-error.ts";
import { Constraints } from "../../lambda/constraints.ts";
import { busArn, readBusName } from "../arns.ts";
import { countOf, type EventBridgeCall, noSuchBus, type Operations, tooMany } from "../call.ts";

const NAME = "[/\\.\\-_A-Za-z0-9]+";

export const buses: Operations = {
  CreateEventBus: { right: "deploy", handle: create },
  UpdateEventBus: { right: "deploy", handle: change },
  DeleteEventBus: { right: "deploy", handle: remove },
  DescribeEventBus: { right: "read", handle: describe },
  ListEventBuses: { right: "read", handle: list },
};

async function create({ input, account, buses: all }: EventBridgeCall): Promise<object> {
  const name = readName(input.text("Name"));
  const description = readDescription(input.text("Description"));
  const outcome = await all.create({ tenant: account.tenant, name, description, tags: input.tags() });
  if (outcome === "exists") throw new ServiceError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
  if (outcome === "too-many") throw tooMany();
  return { EventBusArn: busArn(account, name), ...(description !== null && { Description: description }) };
}

async function change({ input, account, buses: all }: EventBridgeCall): Promise<object> {
  const name = readBusName(input.text("Name"), account);
  const description = readDescription(input.text("Description"));
  if ((await all.change(account.tenant, name, { description })) === "absent") throw noSuchBus(name);
  return { Arn: busArn(account, name), Name: name, ...(description !== null && { Description: description }) };
}

/** A bus that is not there is removed already. */
async function remove({ input, account, buses: all }: EventBridgeCall): Promise<undefined> {
  const name = readName(input.text("Name"));
  if (name === DEFAULT_BUS) throw invalid(`Cannot delete event bus ${DEFAULT_BUS}.`);
  if ((await all.remove(account.tenant, name)) === "has-rules") throw invalid("Cannot delete an event bus that has rules.");
}

async function describe(call: EventBridgeCall): Promise<object> {
  const { input, account, buses: all } = call;
  const name = readBusName(input.text("Name"), account);
  const found = (await all.list(account.tenant)).find((bus) => bus.name === name);
  if (found === undefined) throw noSuchBus(name);
  return shown(call, found);
}

async function list(call: EventBridgeCall): Promise<object> {
  const { input, account, buses: all } = call;
  const prefix = input.text("NamePrefix") ?? "";
  const found = (await all.list(account.tenant)).filter(({ name }) => name.startsWith(prefix));
  const { items, next } = pageOf(found, input.text("NextToken"), countOf(input));
  return { EventBuses: items.map((bus) => shown(call, bus)), ...next };
}

/** The default bus was always there. */
function shown({ account }: EventBridgeCall, { name, description, createdAt, changedAt }: Bus): object {
  return {
    Name: name,
    Arn: busArn(account, name),
    ...(description !== null && { Description: description }),
    ...(createdAt > 0 && { CreationTime: createdAt / 1_000, LastModifiedTime: changedAt / 1_000 }),
  };
}

function readName(name: string | undefined): string {
  new Constraints()
    .required("name", name)
    .length("name", name, 1, 256)
    .pattern("name", name, NAME, /^[/.\-_A-Za-z0-9]+$/)
    .check();
  if (name!.includes("/")) throw invalid("Event bus name must not contain '/'.");
  return name!;
}

function readDescription(text: string | undefined): string | null {
  new Constraints().length("description", text, 0, 512).check();
  return text ?? null;
}
