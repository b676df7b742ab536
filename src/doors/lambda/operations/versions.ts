import { functionArn } from "../../../control/lambda/names.ts";
import { requireFunction } from "../../../control/lambda/require-function.ts";
import { publishVersion } from "../../../control/lambda/versions.ts";
import { LATEST, versionKey } from "../../../store/lambda/lambda-store.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf, page } from "../read-request.ts";
import { listed, versionShown } from "../show.ts";

const PATH = "/2015-03-31/functions/{FunctionName}/versions";
const MOST_LISTED = 50;

export function versionRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    { operation: "PublishVersion", method: "POST", path: PATH, right: "deploy", handle: (call) => publish(parts, call) },
    { operation: "ListVersionsByFunction", method: "GET", path: PATH, right: "read", handle: (call) => list(parts, call) },
  ];
}

function publish(parts: LambdaDoorParts, call: LambdaCall) {
  const { account } = call;
  const { name } = namedIn(call);
  const body = bodyOf(call);
  const description = body.text("Description");
  new Constraints().length("description", description, 0, 256).check();
  const version = publishVersion(parts, account, name, {
    description,
    codeSha256: body.text("CodeSha256"),
    revisionId: body.text("RevisionId"),
  });
  return { status: 201, body: versionShown(account, name, version) };
}

function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  const { record } = requireFunction(parts, account, { name });
  const own = { key: LATEST, shown: listed(record, { arn: functionArn(account, name, LATEST), version: LATEST }) };
  const versions = parts.store.versions.all(account.tenant, name).map((version) => ({
    key: versionKey(version.version),
    shown: listed(version, { arn: functionArn(account, name, String(version.version)), version: String(version.version) }),
  }));
  const { items, NextMarker } = page([own, ...versions], query, MOST_LISTED, ({ key }) => key);
  return { status: 200, body: { Versions: items.map(({ shown }) => shown), ...(NextMarker !== undefined && { NextMarker }) } };
}
