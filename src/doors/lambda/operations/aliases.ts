import { notFound } from "../../../control/lambda/aws-error.ts";
import { type AliasChange, createAlias, deleteAlias, updateAlias } from "../../../control/lambda/aliases.ts";
import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction } from "../../../control/lambda/require-function.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, marked, MOST_ASKED, pageOf } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, type Members } from "../read-request.ts";
import { shownMap } from "../read-settings.ts";
import { aliasShown } from "../show.ts";

const PATH = "/2015-03-31/functions/{FunctionName}/aliases";
const NAME = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";
const name_ = /^(?!\d+$)[a-zA-Z0-9-_]+$/;
const VERSION = "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)";

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
    .length("name", alias, 1, 128)
    .pattern("name", alias, NAME, name_);
  const change = readChange(body, constraints);
  const record = createAlias(parts, account, name, alias!, { ...change, version: version! });
  return { status: 201, body: aliasShown(account, name, record) };
}

function checkVersion(constraints: Constraints, version: string | undefined): Constraints {
  return constraints
    .length("functionVersion", version, 1, 1_024)
    .pattern("functionVersion", version, VERSION, /^(\$LATEST(\.PUBLISHED)?|\d+)$/);
}

/** The alias that the path names. */
function aliasIn({ params }: LambdaCall): string {
  const alias = params["Name"]!;
  new Constraints().length("name", alias, 1, 128).pattern("name", alias, NAME, name_).check();
  return alias;
}

function readChange(body: Members, constraints: Constraints): AliasChange {
  const weights = body.object("RoutingConfig")?.numbers("AdditionalVersionWeights");
  const entries = Object.entries(weights ?? {});
  // AWS shows numbers with a point.
  const shown = shownMap(Object.fromEntries(entries.map(([key, weight]) => [key, Number.isInteger(weight) ? weight.toFixed(1) : weight])));
  checkVersion(constraints, body.text("FunctionVersion"))
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
  const { account } = call;
  const { name } = namedIn(call);
  const alias = aliasIn(call);
  requireFunction({ store, catalog }, account, { name });
  const record = store.aliases.get(account.tenant, name, alias);
  if (record === undefined) throw notFound(`Cannot find alias arn: ${functionArn(account, name, alias)}`);
  return { status: 200, body: aliasShown(account, name, record) };
}

function update(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const record = updateAlias(parts, account, name, aliasIn(call), readChange(bodyOf(call), new Constraints()));
  return { status: 200, body: aliasShown(account, name, record) };
}

function remove(parts: LambdaDoorParts, call: LambdaCall) {
  deleteAlias(parts, call.account, namedIn(call).name, aliasIn(call));
  return { status: 204 };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  const version = query.get("FunctionVersion") ?? undefined;
  checkVersion(new Constraints(), version).check();
  const asked = askedOf(query, MOST_ASKED);
  requireFunction(parts, account, { name });
  const all = parts.store.aliases.all(account.tenant, name).filter((alias) => version === undefined || alias.version === version);
  const page = pageOf(all, asked, (alias) => alias.name);
  return { status: 200, body: { Aliases: page.items.map((alias) => aliasShown(account, name, alias)), ...marked(page) } };
}
