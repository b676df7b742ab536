import type { Manifest } from "../../../src/store/catalog/manifest.ts";

/** One row of the table: an npm package, a small function that uses it, and the expected result in plain Node, or Mayfly's advice. */
export interface Row {
  name: string;
  /** The app's own dependencies: names in test/packages/package.json. */
  packages: string[];
  /** The function's file, main.mjs; `files` are beside it. */
  code: string;
  files?: Record<string, string>;
  /** Installed with only its own packages, instead of in one tree with all others. */
  alone?: true;
  /** Appended to the function's URL. */
  path?: string;
  expect: Expectation;
}

export type Expectation =
  /** The function deploys and answers 200 with this text; only warnings that match are allowed. */
  | { answers: string | RegExp; warned?: RegExp }
  /** The deploy is refused with a message and a cure that match. */
  | { refused: RegExp }
  /** The deploy warns. With what the warning advises in mayfly.json, the function answers 200 with this text. */
  | { warned: RegExp; advised: Pick<Manifest, "files" | "external">; answers: string | RegExp };

/** A function in the Web style that replies with what the statements return, as JSON. */
export function answering(imports: string, body: string): string {
  return `${imports}\nexport default { async fetch(request, env) { ${body} } };\n`;
}
