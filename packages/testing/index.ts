/** See docs/testing-apps.md. */
export { startMayfly, type DeployOptions, type TestApp, type TestOptions, type TestPlatform } from "../../src/app-tests/testing.ts";
