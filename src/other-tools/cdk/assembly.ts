/** What `cdk synth` has written: a template for each stack, and what the assets are. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { confined } from "../code/confined.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";
import { MOST_BYTES, parseDocument } from "../document/parse-document.ts";
import { Place } from "../document/place.ts";

export interface Assembly {
  /** The path of the stack's template. */
  template: string;
  /** The stack's name. */
  stack: string;
  /** The paths of assets by the names of the files that CDK would upload, relative to the template's folder. */
  assets: Map<string, string>;
}

interface Stack {
  folder: string;
  /** Its id in the app. */
  id: string;
  name: string;
  template: string;
}

/** How deep an app's stages may be within each other. */
const MOST_NESTED = 4;

/** @param file manifest.json @param wanted the id or the name of a stack. Throws BadToolFile */
export function findAssembly(file: string, wanted: string | undefined): Assembly {
  const stacks = stacksIn(dirname(file), 0);
  const fitting = wanted === undefined ? stacks : stacks.filter(({ id, name }) => id === wanted || name === wanted);
  const names = stacks.map(({ id }) => id).join(", ") || "none";
  if (fitting.length === 0)
    throw new BadToolFile("artifacts", `it has no stack${wanted === undefined ? "" : ` ${wanted}`}; there are: ${names}`);
  if (fitting.length > 1)
    throw new BadToolFile("artifacts", `it has several stacks, each of which is an app: name one by --stack, of ${names}`);
  const [{ folder, id, name, template }] = fitting as [Stack];
  return { template: join(folder, template), stack: name, assets: assetsOf(folder, id) };
}

function stacksIn(folder: string, depth: number): Stack[] {
  const manifest = readIn(folder, "manifest.json");
  return manifest
    .key("artifacts")
    .entries()
    .flatMap(([id, artifact]) => {
      const [type, properties] = [artifact.key("type").value, artifact.key("properties")];
      if (type === "cdk:cloud-assembly" && depth < MOST_NESTED) {
        const below = confined(folder, properties.key("directoryName").requiredText(), properties.at);
        return below === undefined ? [] : stacksIn(below, depth + 1);
      }
      if (type !== "aws:cloudformation:stack") return [];
      const template = properties.key("templateFile").requiredText();
      if (confined(folder, template, properties.at) === undefined)
        throw new BadToolFile(properties.at, `there is no ${template}: run \`cdk synth\` again`);
      return [{ folder, id, name: properties.key("stackName").text() ?? id, template }];
    });
}

function assetsOf(folder: string, stack: string): Map<string, string> {
  const name = `${stack}.assets.json`;
  if (confined(folder, name, "") === undefined) return new Map();
  const files = readIn(folder, name).key("files").entries();
  const pairs = files.flatMap(([, file]) => {
    const path = file.key("source").key("path").value;
    const keys = file
      .key("destinations")
      .entries()
      .map(([, each]) => each.key("objectKey").value);
    return typeof path === "string" ? keys.flatMap((key) => (typeof key === "string" ? [[key, path] as const] : [])) : [];
  });
  return new Map(pairs);
}

function readIn(folder: string, name: string): Place {
  const path = join(folder, name);
  if (!existsSync(path)) throw new BadToolFile("", `there is no ${name}: run \`cdk synth\` again`);
  if (statSync(path).size > MOST_BYTES) throw new BadToolFile("", `${name} has over ${MOST_BYTES / 1_048_576} MiB`);
  return new Place(parseDocument(readFileSync(path, "utf8")), "");
}
