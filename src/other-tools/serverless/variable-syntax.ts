/** The syntax of variables in serverless.yml: `${type(parameter):address, another source, 'a literal'}`. */
import { BadToolFile } from "../document/bad-tool-file.ts";

/** A text, or what stands between the braces of a variable. */
export type Part = string | { variable: string };

export type Source =
  | { literal: string | number | boolean | null }
  | { nested: string }
  | { type: string; parameter: string; address: string };

/** What a variable of Serverless begins with; `${Name}` and `${AWS::Region}` are CloudFormation's own. */
const BEGINNING = /^\s*(?:[a-zA-Z][\w-]*(?:\(|:(?!:))|['"$])/;
/** In variables that stand within each other. */
const MOST_NESTED = 30;

export function partsOf(text: string, at: string): Part[] {
  if (!text.includes("${")) return [text];
  const parts: Part[] = [];
  let plain = "";
  for (let index = 0; index < text.length;) {
    if (text.startsWith("\\${", index)) {
      plain += "${";
      index += 3;
    } else if (text.startsWith("${", index)) {
      const end = closing(text, index + 2, at);
      const inner = text.slice(index + 2, end);
      if (BEGINNING.test(inner)) {
        if (plain !== "") parts.push(plain);
        plain = "";
        parts.push({ variable: inner });
      } else plain += text.slice(index, end + 1);
      index = end + 1;
    } else plain += text[index++]!;
  }
  if (plain !== "" || parts.length === 0) parts.push(plain);
  return parts;
}

/** The index of the brace that closes what begins at `from`. */
function closing(text: string, from: number, at: string): number {
  let depth = 1;
  for (let index = from; index < text.length; index += 1) {
    if (text.startsWith("${", index)) depth += 1;
    else if (text[index] === "}") depth -= 1;
    if (depth > MOST_NESTED) throw new BadToolFile(at, `its variables stand over ${MOST_NESTED} deep within each other`);
    if (depth === 0) return index;
  }
  throw new BadToolFile(at, `${JSON.stringify(text.slice(from - 2, from + 40))} has no closing brace`);
}

export function sourcesOf(inner: string, at: string): Source[] {
  return split(inner).map((text) => sourceOf(text.trim(), at));
}

/** At commas that are neither in quotes nor in braces or parentheses. */
function split(inner: string): string[] {
  const parts: string[] = [];
  let [depth, quote, from] = [0, "", 0];
  for (let index = 0; index < inner.length; index += 1) {
    const character = inner[index]!;
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === "{" || character === "(") depth += 1;
    else if (character === "}" || character === ")") depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(inner.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, inner.slice(from)];
}

const literals = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

function sourceOf(text: string, at: string): Source {
  const [, , quoted] = /^(['"])([^]*)\1$/.exec(text) ?? [];
  if (quoted !== undefined) return { literal: quoted };
  if (literals.has(text)) return { literal: literals.get(text)! };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { literal: Number(text) };
  if (text.startsWith("${")) return { nested: text };
  const [, type, parameter = "", address = ""] = /^([a-zA-Z][\w-]*)(?:\(([^]*?)\))?(?::([^]*))?$/.exec(text) ?? [];
  if (type === undefined) throw new BadToolFile(at, `\${${text.slice(0, 60)}} is no variable that Mayfly can read`);
  return { type, parameter, address };
}
