/** The key of each app by which its URLs are signed. `create-signing-keys.ts` keeps them. */

export interface SigningKeys {
  /** Undefined if nothing was signed for the app yet. @param app its id */
  find(app: string): Uint8Array | undefined;
  /** Makes the key if the app has none. Throws "disk-full". */
  ensure(app: string): Uint8Array;
  /** Makes another key: what was signed before is refused from now on. Throws "disk-full". */
  rotate(app: string): Uint8Array;
  /** Called after the app was removed with its key. */
  forget(app: string): void;
}
