// Builds src/service_worker.ts to /service-worker.js, with the list of the build's files in it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { transformWithEsbuild, type Plugin } from "vite";

const kSource = fileURLToPath(new URL("src/service_worker.ts", import.meta.url));
const kPublic = fileURLToPath(new URL("public", import.meta.url));

export function serviceWorker(): Plugin {
  return {
    name: "cloudsync-service-worker",
    apply: "build",
    // After index.html has become a part of the bundle.
    enforce: "post",
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        const parts = Object.values(bundle).map((part) => (
          [`/${part.fileName}`, part.type === "chunk" ? part.code : part.source] as const
        ));
        const copied = readdirSync(kPublic).map((name) => [`/${name}`, readFileSync(`${kPublic}/${name}`)] as const);
        const files = [...parts, ...copied].sort(([a], [b]) => (a < b ? -1 : 1));
        const hash = createHash("sha256");
        for (const [path, content] of files) hash.update(path).update(content);
        const { code } = await transformWithEsbuild(readFileSync(kSource, "utf8"), kSource, {
          minify: true,
          define: {
            SHELL_FILES: JSON.stringify(files.map(([path]) => path)),
            SHELL_VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
          },
        });
        this.emitFile({ type: "asset", fileName: "service-worker.js", source: code });
      },
    },
  };
}
