import { computed, signal } from "@preact/signals";
import { routeOf } from "../model/route.ts";

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export const route = computed(() => routeOf(hash.value));
