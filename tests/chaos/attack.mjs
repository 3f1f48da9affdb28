// All scenarios at once against one server, as a process of their own: node attack.mjs OPTIONS, with
// {"port", "limits"} as JSON, forked. It says "ready" when all are under way, and answers "report" and, for the last
// time, "stop" with { scenario: { rounds, counts, wrong, late } }: rounds that went as expected, what was answered but not
// expected, and rounds that failed when this process got no CPU time for too long to keep the server's deadlines.
import { frame, TEXT } from "../conformance/websocket/raw_client.mjs";
import { Attacker, call, sleep } from "./attacker.mjs";
import { scenarios as all } from "./scenarios.mjs";

const options = JSON.parse(process.argv[2]);
const chosen = process.env.CHAOS_ATTACKS?.split(",");
const scenarios = Object.fromEntries(Object.entries(all).filter(([name]) => chosen?.includes(name) ?? true));
const roundMaxMs = 30_000;
let isOver = false;

const stallMs = 1_000;
let stalls = 0;
let lastTick = performance.now();
setInterval(() => {
  const now = performance.now();
  if (now - lastTick > stallMs) stalls++;
  lastTick = now;
}, 50).unref();

/** What several scenarios use: a document, and one of which an answer is more than the kernel's buffers hold. */
async function prepare() {
  const author = new Attacker({ ...options, address: "127.66.0.99" });
  const document = await author.createDocument();
  const largeDocument = await author.createDocument();
  const writer = await author.joinDocument(largeDocument);
  const count = 10, size = 400_000;
  for (let revision = 0; revision < count; ++revision) {
    const op = ["x".repeat(size)];
    const reply = await call(writer, "submit-op", { documentId: largeDocument, revision, seq: revision + 1, op });
    if (!reply.ok) throw new Error(JSON.stringify(reply));
  }
  author.drop();
  return { document, largeDocument, largeBytes: count * size, connectFrame: frame(TEXT, "40") };
}

/** Rounds of one scenario until the end, one behind the other. */
async function lane(scenario, attacker, result) {
  while (!isOver) {
    const stallsBefore = stalls;
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("the round hangs")), roundMaxMs);
    });
    try {
      await Promise.race([scenario.round(attacker), late]);
      if (!isOver) result.rounds++;
    } catch (error) {
      await sleep(100); // a stall shows when it is over
      if (stalls !== stallsBefore) result.late++;
      else if (!isOver) result.wrong.push(String(error.stack ?? error));
    }
    clearTimeout(timer);
    attacker.drop();
    // A scenario that goes wrong does not become a flood of its own.
    await sleep(isOver ? 0 : Math.max(scenario.pauseMs ?? 0, result.wrong.length > 0 ? 1_000 : 0));
  }
}

const shared = await prepare();
const results = {};
const attackers = [];
const lanes = Object.entries(scenarios).flatMap(([name, scenario], index) => {
  const result = (results[name] = { rounds: 0, counts: {}, wrong: [], late: 0 });
  return Array.from({ length: scenario.lanes }, () => {
    const attacker = Object.assign(new Attacker({ ...options, address: `127.66.0.${index + 1}` }), shared);
    attacker.counts = result.counts;
    attackers.push(attacker);
    return lane(scenario, attacker, result);
  });
});

process.on("message", async (word) => {
  if (word === "report") {
    process.send(results);
    return;
  }
  isOver = true;
  for (const attacker of attackers) {
    attacker.isOver = true;
    attacker.drop();
  }
  await Promise.race([Promise.all(lanes), sleep(1_000)]);
  process.send(results, () => process.exit(0));
});
process.on("disconnect", () => process.exit(1));
process.send("ready");
