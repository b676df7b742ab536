export interface FunctionSource {
  /** The app's folder, with no symbolic link in its path. */
  root: string;
  name: string;
  /** Relative to the folder. */
  entry: string;
  handler: string;
}
