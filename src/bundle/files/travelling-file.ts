/** A file that travels with the app. */
export interface TravellingFile {
  /** Where it is in the machine, relative to the task root. */
  path: string;
  /** The absolute path on this host. */
  from: string;
  /** True: the file is executable in the machine, whatever it is here. */
  executable?: true;
  /** True: it is removed from this host when the app is bundled. */
  passing?: true;
}
