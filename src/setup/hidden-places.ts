/**
 * Places that a service with a /tmp of its own (`PrivateTmp=yes`) does not see: systemd puts empty folders in the place of these two. A unit that names
 * something in them would fail at its start, with a message of systemd's that does not say why.
 */
import { resolve } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { followed } from "../base/config/places.ts";

const HIDDEN = ["/tmp", "/var/tmp"];

/** Throws "bad-config". Links are followed. @param places the paths that the service needs, each with the setting or flag that names it */
export function refuseHiddenPlaces(places: (readonly [key: string, path: string | undefined])[]): void {
  for (const [key, path] of places) {
    const hidden = path === undefined ? undefined : [resolve(path), followed(resolve(path))].find(isHidden);
    if (hidden === undefined) continue;
    const where = hidden === path ? path : `${path} (${hidden})`;
    throw new MayflyError("bad-config", {
      key,
      what: `names ${where}: the service has a /tmp and /var/tmp of its own, which are empty. Move it elsewhere, for example below /srv or /var/lib, and install again`,
    });
  }
}

function isHidden(path: string): boolean {
  return HIDDEN.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
