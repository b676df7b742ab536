/** Reads serverless.yml as Serverless Framework v3 does, as far as functions are concerned. */
import { evaluate, type Scope } from "../cloudformation/intrinsics.ts";
import { emptyScope } from "../cloudformation/scope.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import { Budget } from "../document/budget.ts";
import { Place } from "../document/place.ts";
import { isMap, type Value, type ValueMap } from "../document/value.ts";
import { isWanted, refuseUnknown, type Surroundings, type ToolOptions } from "../options.ts";
import { distinct } from "../passed-over.ts";
import type { PassedOver, ToolFunction, Translation } from "../translation.ts";
import { translateFunction } from "./function.ts";
import { passedOverKeys } from "./passed-over-keys.ts";
import type { Service } from "./service.ts";
import { Resolver } from "./variables.ts";

/** The region of functions whose file names none: Serverless's own default. */
const REGION = "us-east-1";
const STAGE = "dev";

/** Throws BadToolFile. */
export function translateServerless(file: Value, options: ToolOptions, surroundings: Surroundings): Translation {
  if (!isMap(file)) throw new BadToolFile("", "it has no keys at all");
  const read = reader(file, options, surroundings);
  const provider = new Place(read("provider"), "provider");
  const given = provider.value;
  const cloud = typeof given === "string" ? given : provider.key("name").text();
  if (cloud !== undefined && cloud !== "aws")
    throw new BadToolFile(
      "provider.name",
      `it is ${JSON.stringify(cloud.slice(0, 60))}, and Mayfly runs functions that were written for aws`,
    );
  const service: Service = {
    provider,
    package: new Place(read("package"), "package"),
    authorizers: provider.key("httpApi").key("authorizers"),
    options,
  };
  const passedOver: PassedOver[] = [];
  const functions: ToolFunction[] = [];
  const all = functionsIn(new Place(read("functions"), "functions"));
  refuseUnknown(
    options,
    all.map(([name]) => name),
  );
  for (const [name, place] of all) {
    if (!isWanted(name, options)) continue;
    const { found, passedOver: own } = translateFunction(name, place, service);
    functions.push(found);
    passedOver.push(...own);
  }
  return {
    name: serviceName(read("service") ?? null),
    functions,
    passedOver: distinct([...passedOver, ...passedOverKeys(file, provider)]),
  };
}

/** @returns what gives the value of a top-level key with everything in it evaluated */
function reader(file: ValueMap, options: ToolOptions, surroundings: Surroundings): (key: string) => Value | undefined {
  const budget = new Budget();
  const given = new Map([...options.parameters, ...(options.stage === undefined ? [] : ([["stage", options.stage]] as const))]);
  const stage = () => options.stage ?? known(resolver.self("provider.stage", "provider.stage"), STAGE);
  const region = () => known(resolver.self("provider.region", "provider.region"), REGION);
  const parameter = (name: string) =>
    options.parameters.get(name) ??
    valueAt(file, ["params", stage(), name]) ??
    valueAt(file, ["stages", stage(), "params", name]) ??
    valueAt(file, ["params", "default", name]) ??
    valueAt(file, ["stages", "default", "params", name]);
  const resolver = new Resolver({ self: file, budget, stage, region, options: given, parameter, ...surroundings });
  const scope = (): Scope => emptyScope(budget, { region: region(), stack: "" });
  return (key) => {
    const value = file.get(key);
    return value === undefined ? undefined : evaluate(resolver.resolve(value, key), scope(), key);
  };
}

function known(value: Value | undefined, fallback: string): string {
  return typeof value === "string" && value !== "" ? value : fallback;
}

function valueAt(file: ValueMap, path: string[]): Value | undefined {
  let value: Value | undefined = file;
  for (const key of path) value = isMap(value) ? value.get(key) : undefined;
  return value;
}

/** They may be a map, or a list of maps, which files bring. */
function functionsIn(place: Place): [string, Place][] {
  const all = place.items().flatMap((each) => each.entries());
  return all.filter(([, each]) => each.isThere);
}

function serviceName(value: Value): string | undefined {
  const place = new Place(value, "service");
  return isMap(value) ? place.key("name").text() : place.text();
}
