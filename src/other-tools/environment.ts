/** The variables of a function: those with a known value, those that are secrets, and those that nobody here can know. */
import { envNameSchema } from "../store/catalog/manifest.ts";
import { BadToolFile } from "./document/bad-tool-file.ts";
import type { Place } from "./document/place.ts";
import { isScalar, shown, Unknown } from "./document/value.ts";
import type { PassedOver } from "./translation.ts";

export interface Variables {
  environment: Map<string, string>;
  /** Names of variables whose values come from a store of secrets. */
  secrets: string[];
  passedOver: PassedOver[];
}

/** @param places maps of names to values, of which a later one goes before an earlier one @param given what the user says, which goes before them all */
export function variablesOf(places: Place[], given: ReadonlyMap<string, string>): Variables {
  const found = new Map<string, Place>();
  for (const place of places) {
    if (place.value instanceof Unknown)
      throw new BadToolFile(place.at, `the variables are ${place.value.source}, which cannot be known: ${place.value.why}; write them out`);
    for (const [name, value] of place.entries()) found.set(name, value);
  }
  const variables: Variables = { environment: new Map(), secrets: [], passedOver: [] };
  for (const [name, place] of found) if (!given.has(name)) add(variables, name, place);
  return variables;
}

function add({ environment, secrets, passedOver }: Variables, name: string, { value, at }: Place): void {
  // Without a value, a variable of a later map takes one of an earlier map away.
  if (value === null || value === undefined) return;
  if (!envNameSchema.safeParse(name).success)
    return void passedOver.push({ at, why: "It is no name of a variable: letters, digits and _ are." });
  if (isScalar(value)) return void environment.set(name, String(value));
  if (!(value instanceof Unknown))
    return void passedOver.push({ at, why: `The variable is ${shown(value)}, and only texts can be variables.` });
  if (value.isSecret) {
    secrets.push(name);
    passedOver.push({
      at,
      why: `${value.source} is in a store of secrets that is not here. The app has a secret ${name} in its place: set it with \`mayfly secret set\`.`,
    });
    return;
  }
  passedOver.push({
    at,
    why: `The variable ${name} is left out: the value ${value.source} cannot be known, because ${value.why}. If the code needs it: --env ${name}=…`,
  });
}
