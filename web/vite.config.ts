import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { serviceWorker } from "./service_worker_plugin";

const kServer = process.env.CLOUDSYNC_SERVER ?? "http://127.0.0.1:8080";
const kSdk = fileURLToPath(new URL("../clients/typescript/src/index.ts", import.meta.url));

export default defineConfig({
  plugins: [react(), serviceWorker()],
  resolve: {
    // The SDK is built from its source; what it needs comes from this folder, once.
    alias: { "@cloudsync/client": kSdk },
    dedupe: ["ot-text-unicode", "quill-delta", "socket.io-client"],
  },
  build: {
    target: "es2022",
    // Nothing as data: URLs or inline modules, for the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    // The server refuses foreign origins: present ours as its own.
    proxy: {
      "/api": { target: kServer, changeOrigin: true },
      "/socket.io": {
        target: kServer,
        changeOrigin: true,
        ws: true,
        headers: { origin: kServer },
      },
    },
  },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "jsdom" },
});
