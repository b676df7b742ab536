import { functionArn } from "../../../control/lambda/names.ts";
import { invalidValue } from "../../../control/lambda/aws-error.ts";
import { versionsFrom } from "../../../control/lambda/list-functions.ts";
import { requireFunction } from "../../../control/lambda/require-function.ts";
import { publishVersion } from "../../../control/lambda/versions.ts";
import { LATEST, versionKey } from "../../../store/lambda/lambda-store.ts";
import type { LambdaCall, LambdaRoute } from "../call.ts";
import { Constraints } from "../constraints.ts";
import type { LambdaDoorParts } from "../door-parts.ts";
import { askedOf, markerOf, MOST_ASKED } from "../pages.ts";
import { namedIn } from "../read-name.ts";
import { bodyOf } from "../read-request.ts";
import { listed, versionShown } from "../show.ts";

const PATH = "/2015-03-31/functions/{FunctionName}/versions";

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
  new Constraints().length("description", description, 0, 256).oneOf("publishTo", body.text("PublishTo"), ["LATEST_PUBLISHED"]).check();
  if (body.has("PublishTo")) throw invalidValue("PublishTo is not supported on this server.");
  const version = publishVersion(parts, account, name, {
    description,
    codeSha256: body.text("CodeSha256"),
    revisionId: body.text("RevisionId"),
  });
  return { status: 201, body: versionShown(account, name, version) };
}

/** The newest, unpublished code comes before all versions. */
function list(parts: LambdaDoorParts, call: LambdaCall) {
  const { account, query } = call;
  const { name } = namedIn(call);
  const { count, after } = askedOf(query, MOST_ASKED);
  const { record } = requireFunction(parts, account, { name });
  const own = { key: LATEST, shown: listed(record, { arn: functionArn(account, name, LATEST), version: LATEST }) };
  const versions = versionsFrom(parts, account.tenant, name, after === undefined || after === LATEST ? "" : after).map((version) => ({
    key: versionKey(version.version),
    shown: listed(version, { arn: functionArn(account, name, String(version.version)), version: String(version.version) }),
  }));
  const some = [...(after === undefined ? [own] : []), ...versions.take(count + 1)];
  const items = some.slice(0, count);
  const next = some.length > count ? { NextMarker: markerOf(items.at(-1)!.key) } : {};
  return { status: 200, body: { Versions: items.map(({ shown }) => shown), ...next } };
}
