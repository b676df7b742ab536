/** Where images are kept for others: a folder, or a web server that serves such a folder. No program of Mayfly's runs there. */

export interface Store {
  /** The name that the user gave, without a password. */
  readonly name: string;
  /** Resolves with undefined if there is no such file. Rejects with "store-unreachable". */
  read(path: string, mostBytes: number): Promise<Buffer | undefined>;
  has(path: string): Promise<boolean>;
  /** The file appears, or replaces the old one, as a whole. */
  write(path: string, data: Buffer): Promise<void>;
}
