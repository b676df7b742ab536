/** The dashboard: one page, whose parts are chosen by what stands behind the `#`. */
import "./style.css";
import { render } from "preact";
import { Frame } from "./frame.tsx";
import { follow } from "./live.ts";
import { Login } from "./login.tsx";
import { session } from "./session.ts";

function Dashboard() {
  // What was shown to somebody else is gone with the key.
  return session.value === null ? <Login /> : <Frame key={session.value.csrf} />;
}

follow();
render(<Dashboard />, document.getElementById("app")!);
