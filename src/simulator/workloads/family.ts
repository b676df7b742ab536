/** A family is a kind of demand: it makes a workload of a seed, a length in hours and a number of apps. */
import type { Workload } from "../simulator.ts";
import type { Arrivals } from "./arrivals.ts";
import { GeneratedWorkload, type GeneratedApp } from "./generated-workload.ts";
import { Random } from "./random.ts";
import type { AppWithWork } from "./work.ts";

export type Family = (seed: number, hours: number, apps: number) => Workload;

const HOUR_MS = 3_600_000;

/** @param drawOne draws the app of an index @param arrivalsOf gives the rhythm in which the app is called */
export function family(
  name: string,
  drawOne: (random: Random, name: string, index: number) => AppWithWork,
  arrivalsOf: (random: Random, app: AppWithWork, index: number) => Arrivals,
): Family {
  return (seed, hours, apps) => {
    const random = new Random(seed);
    const generated = Array.from({ length: apps }, (_, index): GeneratedApp => {
      const own = random.split();
      const one = drawOne(own, `${name.split(" ")[0]}-${index + 1}`, index);
      return { ...one, arrivals: arrivalsOf(own.split(), one, index), random: own.split() };
    });
    return new GeneratedWorkload(`${name} (synthetic, ${apps} apps, ${hours} h, seed ${seed})`, generated, hours * HOUR_MS);
  };
}
