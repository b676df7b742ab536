import type { ToolOptions } from "../options.ts";

export interface TemplateOptions extends ToolOptions {
  /** The stack's name, for `AWS::StackName`. */
  stack: string;
  /** The path of an asset by the name of the file that CDK would upload, relative to the template's folder. */
  assets: ReadonlyMap<string, string>;
}
