import { defineConfig } from "vitest/config";

export const config = defineConfig({ test: { include: ["test/**/*.test.ts"], environment: "node" } });
export { config as default };
