import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

// Tests read the sources of every package directly: no build stands between an edit and its test.
const source = "@edgewright/source";

export default defineConfig({
  resolve: { conditions: [source, "module", "browser", "development|production"] },
  ssr: { resolve: { conditions: [source, "module", "node", "development|production"] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["{packages,examples}/*/{src,test}/**/*.test.ts", "test/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        // Shared memory, and with it the thread tests, needs a cross-origin isolated page.
        server: {
          headers: {
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
          },
        },
        test: {
          name: "browser",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: ["**/*.node.test.ts"],
          // A server in Node that the WebSocket tests connect to.
          globalSetup: ["packages/scheduler/src/websocket/browser-server.test-support.node.ts"],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: "chromium" }],
            provider: playwright({
              launchOptions: {
                executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
                args: [
                  "--no-sandbox",
                  "--disable-background-networking",
                  "--disable-component-update",
                  "--disable-sync",
                  "--no-first-run",
                  "--disable-quic",
                ],
              },
            }),
          },
        },
      },
    ],
  },
});
