/** All pages, in the order in which they are listed. */
import type { FunctionComponent } from "preact";
import { AppsPage } from "./pages/apps.tsx";
import { FleetPage } from "./pages/fleet.tsx";
import { AppsIcon, FleetIcon, OperatorIcon, OverviewIcon, SimulatorIcon } from "./parts/icons.tsx";
import { OperatorPage } from "./pages/operator.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { SimulatorPage } from "./pages/simulator.tsx";
import { session } from "./session.ts";

interface ListedPage {
  /** The first part of its addresses. */
  name: string;
  title: string;
  icon: FunctionComponent;
  Page: FunctionComponent;
  /** Whether there is anything in it for who has logged in. Default: there is. */
  isFor?: () => boolean;
}

/** An invoker may read nothing. */
const isReader = () => session.value?.principal.role !== "invoker";

export const pages: readonly ListedPage[] = [
  { name: "", title: "Overview", icon: OverviewIcon, Page: OverviewPage },
  { name: "fleet", title: "Fleet", icon: FleetIcon, Page: FleetPage, isFor: isReader },
  { name: "apps", title: "Apps", icon: AppsIcon, Page: AppsPage, isFor: isReader },
  { name: "simulator", title: "Simulator", icon: SimulatorIcon, Page: SimulatorPage, isFor: isReader },
  {
    name: "operator",
    title: "Operator",
    icon: OperatorIcon,
    Page: OperatorPage,
    isFor: () => session.value?.principal.role === "operator",
  },
  {
    name: "administration",
    title: "Administration",
    icon: OperatorIcon,
    Page: OperatorPage,
    isFor: () => session.value?.principal.role === "tenant-admin",
  },
];

export function pageAt([name = ""]: readonly string[]): ListedPage | undefined {
  return pages.find((page) => page.name === name);
}
