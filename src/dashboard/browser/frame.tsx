/** What is around every page: the bar above, and the pages at the side. */
import { useEffect, useRef } from "preact/hooks";
import type { TenantListReply } from "../model/replies.ts";
import { ask } from "./api.ts";
import { state } from "./live.ts";
import { route } from "./location.ts";
import { pageAt, pages } from "./pages.tsx";
import { Page } from "./parts/page.tsx";
import { useCurrentInView } from "./parts/current-in-view.ts";
import { LeaveIcon, Logo, MoonIcon, SunIcon } from "./parts/icons.tsx";
import { session, setSession, tenant } from "./session.ts";
import { switchTheme, theme } from "./theme.ts";
import { useData } from "./use-data.ts";

export function Frame() {
  const main = useRef<HTMLElement>(null);
  const { path } = route.value;
  const page = pageAt(path);
  const side = useCurrentInView<HTMLElement>(page?.name ?? "");
  // A reader of screens, and the tab key, go on in the new page.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [path.join("/")]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <Bar />
      <nav class="side" aria-label="Pages" ref={side}>
        {pages
          .filter(({ isFor }) => isFor?.() ?? true)
          .map(({ name, title, icon: Icon }) => (
            <a key={name} href={`#/${name}`} aria-current={page?.name === name ? "page" : undefined}>
              <Icon /> {title}
            </a>
          ))}
      </nav>
      <main class="main" ref={main} tabIndex={-1} id="main">
        {page === undefined ? <NoPage /> : <page.Page />}
      </main>
    </div>
  );
}

function NoPage() {
  return (
    <Page title="No such page" about="There is no page at this address.">
      <a href="#/">Overview</a>
    </Page>
  );
}

function Bar() {
  const { principal, role } = session.value!.principal;
  const isDark = theme.value === "dark";
  return (
    <header class="bar">
      <a class="brand" href="#/">
        <Logo /> Mayfly
      </a>
      <Pulse />
      <div class="grow" />
      <TenantChoice />
      <div class="who">
        <span>{principal}</span>
        {role !== principal && <span class="muted">{role}</span>}
      </div>
      <button
        class="button plain"
        type="button"
        onClick={switchTheme}
        aria-label={isDark ? "Light colours" : "Dark colours"}
        title={isDark ? "Light colours" : "Dark colours"}
      >
        {isDark ? <SunIcon /> : <MoonIcon />}
      </button>
      <button class="button plain" type="button" onClick={() => void logOut()} aria-label="Log out" title="Log out">
        <LeaveIcon />
      </button>
    </header>
  );
}

async function logOut(): Promise<void> {
  // Whether or not the server is there to be told, this browser forgets the session.
  await ask("/v1/session", { method: "DELETE", tenant: "" }).catch(() => {});
  setSession(null);
}

const words = { connecting: "Connecting …", live: "Live", lost: "Connection lost" };

function Pulse() {
  return (
    <div class="pulse" data-state={state.value} role="status" title={words[state.value]}>
      <i />
      <span>{words[state.value]}</span>
    </div>
  );
}

/** Only operators may list tenants. */
function TenantChoice() {
  const isOperator = session.value!.principal.role === "operator";
  const { data } = useData<TenantListReply>(
    (signal) => (isOperator ? ask("/v1/tenants", { tenant: "", signal }) : Promise.resolve({ tenants: [] })),
    ["tenants", isOperator],
  );
  const own = session.value!.principal.tenant;
  if (own !== null) return <span class="muted">{own}</span>;
  if (!isOperator) return null;
  return (
    <label>
      <span class="unseen">Tenant</span>
      <select class="input" value={tenant.value} onChange={(event) => (tenant.value = event.currentTarget.value)}>
        <option value="">Whole server</option>
        {(data?.tenants ?? []).map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
