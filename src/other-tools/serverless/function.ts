/** One function of serverless.yml. */
import { BadToolFile } from "../document/bad-tool-file.ts";
import type { Place } from "../document/place.ts";
import { Unknown } from "../document/value.ts";
import { variablesOf } from "../environment.ts";
import { runtimeFor } from "../runtimes.ts";
import type { PassedOver, ToolCode, ToolFunction } from "../translation.ts";
import { eventsOf } from "./events.ts";
import { passedOverOfFunction } from "./passed-over-keys.ts";
import type { Service } from "./service.ts";

/** Serverless's own default, in v3. */
const RUNTIME = "nodejs14.x";

/** In MB and seconds, as AWS Lambda has them. */
const MOST_MEMORY = 10_240;
const MOST_SECONDS = 900;

export function translateFunction(name: string, place: Place, service: Service): { found: ToolFunction; passedOver: PassedOver[] } {
  const { provider } = service;
  if (place.value instanceof Unknown)
    throw new BadToolFile(
      place.at,
      `the function is ${place.value.source}, which cannot be known: ${place.value.why}; ${place.value.cure}`,
    );
  if (place.key("image").isThere)
    throw new BadToolFile(
      `${place.at}.image`,
      `it is a container image, which Mayfly does not run: deploy its code, or leave it out by --except ${name}`,
    );
  const runtimePlace = place.key("runtime").isThere ? place.key("runtime") : provider.key("runtime");
  const givenRuntime = runtimePlace.text() ?? RUNTIME;
  const variables = variablesOf([provider.key("environment"), place.key("environment")], service.options.environment);
  const seconds = place.key("timeout").count(1, MOST_SECONDS) ?? provider.key("timeout").count(1, MOST_SECONDS);
  const events = eventsOf(place, service);
  const found: ToolFunction = {
    name,
    at: place.at,
    givenRuntime,
    runtime: runtimeFor(givenRuntime, runtimePlace.at),
    handler: place.key("handler").requiredText(),
    code: codeOf(place, service),
    memoryMb: place.key("memorySize").count(128, MOST_MEMORY) ?? provider.key("memorySize").count(128, MOST_MEMORY),
    timeoutMs: seconds === undefined ? undefined : seconds * 1_000,
    environment: variables.environment,
    secrets: variables.secrets,
    access: events.access,
    cors: events.cors,
    routes: events.routes,
    description: place.key("description").text(),
  };
  return { found, passedOver: [...variables.passedOver, ...events.passedOver, ...passedOverOfFunction(place)] };
}

function codeOf(place: Place, service: Service): ToolCode {
  const own = place.key("package");
  const artifact = own.key("artifact").isThere ? own.key("artifact") : service.package.key("artifact");
  const path = artifact.text();
  if (path !== undefined) return { kind: "archive", path, at: artifact.at };
  return { kind: "folder", path: ".", at: place.at, patterns: [...patternsOf(service.package), ...patternsOf(own)] };
}

/** `include` and `exclude` are the older form, and come before. */
function patternsOf(place: Place): string[] {
  const excluded = place
    .key("exclude")
    .items()
    .map((each) => `!${each.requiredText()}`);
  const included = [...place.key("include").items(), ...place.key("patterns").items()].map((each) => each.requiredText());
  return [...excluded, ...included].map((pattern) => pattern.replace(/^(!?)\.\//, "$1"));
}
