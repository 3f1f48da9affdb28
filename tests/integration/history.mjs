// Histories of runs (docs/history.md): where the writers of a run put them, and the checker over them.
import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { binary } from "./server.mjs";

const directory = dirname(binary);
export const generator = join(directory, "cloudsync-loadtest");
export const checker = join(directory, "cloudsync-check");

/** Runs a program to its end; resolves with {code, stdout, stderr}. */
export const run = (program, args) => new Promise((resolve) =>
  execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr })));

/** The durable log of a data directory as a file of history lines. */
export async function exportLog(dataDir, path) {
  const { code, stdout, stderr } = await run(binary, ["history", "export", "--data-dir", dataDir]);
  if (code !== 0) throw new Error(stderr);
  const file = await open(path, "w");
  await file.writeFile(stdout);
  await file.close();
}

/** {code, stdout, checked: {I1: …}} of the checker over history files. */
export async function check(paths) {
  const { code, stdout, stderr } = await run(checker, paths);
  const counts = /^checked:(.*)$/m.exec(stdout)?.[1].trim().split(" ") ?? [];
  const checked = {};
  for (let i = 0; i < counts.length; i += 2) checked[counts[i]] = Number(counts[i + 1]);
  return { code, stdout: stdout + stderr, checked };
}
