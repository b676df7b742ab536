import { notFound } from "../../../control/lambda/aws-error.ts";
import { type AliasChange, createAlias, deleteAlias, updateAlias } from "../../../control/lambda/aliases.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members, page } from "../read-request.ts";
import { shownMap } from "../read-settings.ts";
import { aliasShown } from "../show.ts";

const PATH = "/2015-03-31/functions/{FunctionName}/aliases";
const NAME = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";
const name_ = /^(?!\d+$)[a-zA-Z0-9-_]+$/;
const VERSION = "(\\$LATEST|[0-9]+)";
const MOST_LISTED = 50;

export function aliasRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  const one = `${PATH}/{Name}`;
  return [
    { operation: "CreateAlias", method: "POST", path: PATH, right: "deploy", handle: (call) => create(parts, call) },
    { operation: "ListAliases", method: "GET", path: PATH, right: "read", handle: (call) => list(parts, call) },
    { operation: "GetAlias", method: "GET", path: one, right: "read", handle: (call) => get(parts, call) },
    { operation: "UpdateAlias", method: "PUT", path: one, right: "deploy", handle: (call) => update(parts, call) },
    { operation: "DeleteAlias", method: "DELETE", path: one, right: "deploy", handle: (call) => remove(parts, call) },
  ];
}

function create(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const body = bodyOf(call);
  const alias = body.text("Name");
  const version = body.text("FunctionVersion");
  const constraints = new Constraints()
    .required("name", alias)
    .required("functionVersion", version)
    .pattern("name", alias, NAME, name_)
    .length("name", alias, 1, 128);
  const change = readChange(body, constraints);
  const record = createAlias(parts, account, name, alias!, { ...change, version: version! });
  return { status: 201, body: aliasShown(account, name, record) };
}

function readChange(body: Members, constraints: Constraints): AliasChange {
  const weights = body.object("RoutingConfig")?.numbers("AdditionalVersionWeights");
  const entries = Object.entries(weights ?? {});
  // AWS shows numbers with a point.
  const shown = shownMap(Object.fromEntries(entries.map(([key, weight]) => [key, Number.isInteger(weight) ? weight.toFixed(1) : weight])));
  constraints
    .pattern("functionVersion", body.text("FunctionVersion"), VERSION, /^(\$LATEST|\d+)$/)
    .length("description", body.text("Description"), 0, 256)
    .unless(
      entries.every(([key]) => /^\d{1,1024}$/.test(key)),
      "routingConfig.additionalVersionWeights",
      `'${shown}'`,
      "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
    )
    .unless(
      entries.every(([, weight]) => weight >= 0 && weight <= 1),
      "routingConfig.additionalVersionWeights",
      `'${shown}'`,
      "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    )
    .check();
  return { version: body.text("FunctionVersion"), description: body.text("Description"), weights, revisionId: body.text("RevisionId") };
}

function get({ store, catalog }: LambdaDoorParts, call: LambdaCall) {
  const { account, params } = call;
  const { name } = namedIn(call);
  const alias = params["Name"]!;
  requireFunction({ store, catalog }, account, { name });
  const record = store.aliases.get(account.tenant, name, alias);
  if (record === undefined) throw notFound(`Cannot find alias arn: ${functionArn(account, name, alias)}`);
  return { status: 200, body: aliasShown(account, name, record) };
}

function update(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, params } = call;
  const { name } = namedIn(call);
  const record = updateAlias(parts, account, name, params["Name"]!, readChange(bodyOf(call), new Constraints()));
  return { status: 200, body: aliasShown(account, name, record) };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  deleteAlias(parts, call.account, namedIn(call).name, call.params["Name"]!);
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  requireFunction(parts, account, { name });
  const version = query.get("FunctionVersion");
  const all = parts.store.aliases.all(account.tenant, name).filter((alias) => version === null || alias.version === version);
  const { items, NextMarker } = page(all, query, MOST_LISTED, (alias) => alias.name);
  return {
    status: 200,
    body: { Aliases: items.map((alias) => aliasShown(account, name, alias)), ...(NextMarker !== undefined && { NextMarker }) },
  };
}
