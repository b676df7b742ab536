import { createFolderStore } from "./folder-store.ts";
import { createHttpStore } from "./http-store.ts";
import type { Store } from "./store.ts";

/** @param place a folder, or an http(s) URL */
export function openStore(place: string): Store {
  return /^https?:\/\//.test(place) ? createHttpStore(place) : createFolderStore(place);
}
