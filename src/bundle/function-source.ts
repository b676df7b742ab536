export interface FunctionSource {
  /** The app's folder; its path contains no symbolic link. */
  root: string;
  name: string;
  /** Relative to the folder. */
  entry: string;
  handler: string;
  shipped: Shipped;
  /** See Surroundings. */
  debuggable?: boolean | undefined;
}

/** What the manifest says is in the machine besides the code. */
export interface Shipped {
  /** Absolute paths. */
  files: ReadonlySet<string>;
  /** Names. */
  packages: ReadonlySet<string>;
}
