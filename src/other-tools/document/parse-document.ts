/**
 * Reads YAML and JSON of strangers. A short tag of CloudFormation becomes what it stands for: `!Sub text` is `{ "Fn::Sub": text }`.
 *
 * 1. What comes out has at most MOST_VALUES values, and is at most MOST_NESTED deep: each use of an anchor counts as a copy, so that a few lines cannot
 *    become gigabytes.
 * 2. No text of the file is run, and no class is made of it.
 */
import { type Node, type Pair, isAlias, isMap as isYamlMap, isScalar as isYamlScalar, isSeq, parseDocument as parseYaml } from "yaml";
import { BadToolFile } from "./bad-tool-file.ts";
import { isMap, type Value, type ValueMap } from "./value.ts";

/** In bytes. CloudFormation takes templates of at most 1 MB. */
export const MOST_BYTES = 2_097_152;
const MOST_VALUES = 100_000;
const MOST_NESTED = 100;

/** Tags whose long form is not `Fn::` and the tag's name. */
const plainTags = new Set(["Ref", "Condition"]);

/** Throws BadToolFile with what is wrong, as a clause. */
export function parseDocument(text: string): Value {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new BadToolFile("", `it has over ${MOST_BYTES / 1_048_576} MiB`);
  const document = parsed(text);
  const [error] = document.errors;
  if (error !== undefined) throw new BadToolFile("", `it is not valid YAML: ${error.message.split("\n", 1)[0]!.replace(/:$/, "")}`);
  return document.contents === null ? null : new Reader().read(document.contents, 0);
}

function parsed(text: string) {
  try {
    return parseYaml(text, { logLevel: "silent", prettyErrors: true, uniqueKeys: true, merge: false });
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

function tooDeep(): BadToolFile {
  return new BadToolFile("", `it has values that are nested more than ${MOST_NESTED} deep`);
}

class Reader {
  #left = MOST_VALUES;
  readonly #anchors = new Map<string, Node>();

  read(node: Node | null | undefined, depth: number): Value {
    if (--this.#left < 0) throw new BadToolFile("", `it has over ${MOST_VALUES} values, those of anchors counted at each use`);
    if (depth > MOST_NESTED) throw tooDeep();
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new BadToolFile("", `it uses the anchor ${node.source} before it is defined`);
      return this.read(target, depth + 1);
    }
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, node);
    const value = this.#plain(node, depth);
    const tag = node.tag;
    return tag === undefined || !/^!\w/.test(tag) ? value : longForm(tag.slice(1), value);
  }

  #plain(node: Node, depth: number): Value {
    if (isYamlMap(node)) return this.#map(node.items as Pair<Node, Node | null>[], depth);
    if (isSeq(node)) return node.items.map((each) => this.read(each as Node, depth + 1));
    if (!isYamlScalar(node)) return null;
    const { value } = node;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    // Of a number that is too large for one, the text is what the file has.
    return typeof value === "bigint" ? String(value) : null;
  }

  /** With what `<<` names merged in, which a key of the map's own goes before. */
  #map(pairs: Pair<Node, Node | null>[], depth: number): ValueMap {
    const map: ValueMap = new Map();
    const merged: Value[] = [];
    for (const { key, value } of pairs) {
      const name = this.read(key, depth + 1);
      if (typeof name === "object" && name !== null) throw new BadToolFile("", "it has a key that is no text");
      const read = this.read(value, depth + 1);
      if (name === "<<" && isYamlScalar(key) && key.type === "PLAIN") merged.push(...[read].flat());
      else map.set(String(name), read);
    }
    for (const each of merged) if (isMap(each)) for (const [name, value] of each) if (!map.has(name)) map.set(name, value);
    return map;
  }
}

function longForm(tag: string, value: Value): ValueMap {
  const name = plainTags.has(tag) ? tag : `Fn::${tag}`;
  const attribute = tag === "GetAtt" && typeof value === "string" ? attributeOf(value) : value;
  return new Map([[name, attribute]]);
}

/** `Table.StreamArn`, or of a nested stack `Stack.Outputs.Name`: the first dot ends the resource's name. */
function attributeOf(text: string): Value {
  const dot = text.indexOf(".");
  return dot < 0 ? text : [text.slice(0, dot), text.slice(dot + 1)];
}
