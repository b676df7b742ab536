/** What serverless.yml says besides functions, and why it is not carried out. */
import { Place } from "../document/place.ts";
import { isMap, type ValueMap } from "../document/value.ts";
import type { PassedOver } from "../translation.ts";

const LAYERS = "There are no layers: what they bring has to be in the service's own packages.";
const VPC = "Machines have no network of Amazon's. Private addresses that the code needs are named in `network` of mayfly.json.";
const RIGHTS = "There are no roles: code has no rights at Amazon unless it brings keys, as secrets.";

/** Keys of the provider and of functions. */
const keys = new Map([
  ["vpc", VPC],
  ["iam", RIGHTS],
  ["role", RIGHTS],
  ["iamRoleStatements", RIGHTS],
  ["layers", LAYERS],
  ["reservedConcurrency", "The number of machines is of the whole app: `maxMachines` of mayfly.json."],
  ["provisionedConcurrency", "How many machines are kept ready is of the whole app: `minMachines` of mayfly.json."],
  ["ephemeralStorageSize", "/tmp is part of the machine's memory: raise memorySize if the code writes much there."],
  ["fileSystemConfig", "Folders of a network are mounted by `mounts` of mayfly.json."],
  ["onError", "There are no queues for failed events yet."],
  ["destinations", "There are no destinations of results yet."],
  ["kmsKeyArn", "Variables are kept in the catalog; secrets are sealed there."],
  ["snapStart", "`snapshot` of mayfly.json does that."],
]);

const plugins = new Map([
  ["serverless-esbuild", "Mayfly bundles by itself, by esbuild."],
  ["serverless-webpack", "Mayfly bundles by itself, by esbuild."],
  ["serverless-bundle", "Mayfly bundles by itself, by esbuild."],
  ["serverless-plugin-typescript", "Mayfly takes TypeScript as it is."],
  ["serverless-python-requirements", "Mayfly installs what requirements.txt names by itself."],
  ["serverless-offline", "It is for running on one's own computer, which Mayfly does by itself."],
  ["serverless-dotenv-plugin", "Name the variables by --env, or in `provider.environment`."],
]);

export function passedOverOfFunction(place: Place): PassedOver[] {
  return place.entries().flatMap(([name, own]) => {
    const why = keys.get(name);
    return why === undefined || !own.isThere ? [] : [{ at: own.at, why }];
  });
}

export function passedOverKeys(file: ValueMap, provider: Place): PassedOver[] {
  return [...passedOverOfFunction(provider), ...pluginsOf(file), ...resourcesOf(file), ...layersOf(file)];
}

function pluginsOf(file: ValueMap): PassedOver[] {
  const given = file.get("plugins");
  const list = isMap(given) ? new Place(given.get("modules"), "plugins.modules") : new Place(given, "plugins");
  return list
    .items()
    .flatMap(({ value, at }) =>
      typeof value === "string"
        ? [{ at, why: plugins.get(value) ?? `The plug-in ${value.slice(0, 80)} is not run: what it adds is not there.` }]
        : [],
    );
}

/** They are counted by type, because a file may have hundreds. They are looked at as they stand in the file, unresolved. */
function resourcesOf(file: ValueMap): PassedOver[] {
  const types = new Map<string, string[]>();
  for (const part of new Place(file.get("resources"), "resources").items())
    for (const [name, resource] of part.key("Resources").entries()) {
      const { value } = resource.key("Type");
      const type = typeof value === "string" ? value : "an unknown type";
      types.set(type, [...(types.get(type) ?? []), name]);
    }
  return [...types].map(([type, names]) => ({
    at: `resources.Resources.${names[0]!}`,
    why: `${type}${names.length > 1 ? ` (${names.length} of them)` : ""} is not made: Mayfly deploys functions alone.`,
  }));
}

function layersOf(file: ValueMap): PassedOver[] {
  return file.has("layers") ? [{ at: "layers", why: LAYERS }] : [];
}
