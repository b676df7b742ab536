export interface FunctionSource {
  /** The app's folder; its path contains no symbolic link. */
  root: string;
  name: string;
  /** Relative to the folder. */
  entry: string;
  handler: string;
}
