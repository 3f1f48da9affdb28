import { describe, expect, test } from "vitest";

import { MemoryIdentity } from "../src/identity.js";
import { reconnectDelayMs } from "../src/transport/backoff.js";
import { Connection, kRequestTimeoutMs, kSettledMs } from "../src/transport/connection.js";
import type { Transport, TransportOptions } from "../src/transport/transport.js";
import { FakeScheduler } from "./support/fake_scheduler.js";

/** A transport that the test plays by hand; it counts what it was given to send. */
class ManualTransport implements Transport {
  isOpen = false;
  maxPayloadBytes = Infinity;
  readonly emitted: string[] = [];
  readonly acks: ((reply: unknown) => void)[] = [];

  constructor(readonly options: TransportOptions) {}

  open(): void {
    this.isOpen = true;
    this.options.handlers.onOpen();
  }

  lose(): void {
    this.isOpen = false;
    this.options.handlers.onClose({ message: "transport close" });
  }

  refuse(refusal: object): void {
    this.options.handlers.onClose({ message: "refused", refusal });
  }

  emit(event: string, _payload: object, onAck?: (reply: unknown) => void): void {
    this.emitted.push(event);
    if (onAck !== undefined) this.acks.push(onAck);
  }

  emitVolatile(event: string): void {
    this.emitted.push(event);
  }

  close(): void {
    if (this.isOpen) this.lose();
  }
}

async function start() {
  const scheduler = new FakeScheduler();
  const transports: ManualTransport[] = [];
  const connection = new Connection({
    url: "http://x",
    identity: new MemoryIdentity(),
    scheduler,
    name: () => "Ada",
    transport: (options) => {
      transports.push(new ManualTransport(options));
      return transports.at(-1) as ManualTransport;
    },
  });
  connection.start();
  await scheduler.run();
  const last = () => transports.at(-1) as ManualTransport;
  return { scheduler, transports, connection, last };
}

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => "ok", (error: { code?: unknown }) => error.code);
}

describe("connection", () => {
  test("emits nothing while connecting, disconnected or stopped", async () => {
    const { connection, last, transports, scheduler } = await start();
    connection.notify("presence", {});
    expect(await codeOf(connection.request("submit-op", {}))).toBe("disconnected");
    last().open();
    last().lose();
    connection.notify("presence", {});
    expect(await codeOf(connection.request("submit-op", {}))).toBe("disconnected");
    connection.stop();
    await scheduler.run(60_000);
    expect(await codeOf(connection.request("submit-op", {}))).toBe("disconnected");
    expect(transports.flatMap(({ emitted }) => emitted)).toEqual([]);
  });

  test("waits longer for an attempt behind one that had no answer, until it is connected", async () => {
    const { last, scheduler } = await start();
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      waits.push(last().options.timeoutMs);
      last().options.handlers.onClose({ message: "timeout", isTimeout: true });
      await scheduler.run(1_000);
    }
    last().options.handlers.onClose({ message: "refused" });
    await scheduler.run(1_000);
    waits.push(last().options.timeoutMs);
    last().open();
    last().lose();
    await scheduler.run(1_000);
    expect([...waits, last().options.timeoutMs]).toEqual([5_000, 10_000, 20_000, 20_000, 20_000, 5_000]);
  });

  test("replays nothing of the old connection on the new one", async () => {
    const { connection, last, scheduler } = await start();
    last().open();
    const outcome = codeOf(connection.request("submit-op", {}));
    last().lose();
    expect(await outcome).toBe("disconnected");
    await scheduler.run(1_000);
    last().open();
    expect(last().emitted).toEqual([]);
  });

  test("ends a request without a reply, and drops the connection after the second", async () => {
    const { connection, last, scheduler, transports } = await start();
    last().open();
    const first = codeOf(connection.request("submit-op", {}));
    await scheduler.run(kRequestTimeoutMs);
    expect([await first, connection.isConnected]).toEqual(["timeout", true]);
    const second = codeOf(connection.request("submit-op", {}));
    await scheduler.run(kRequestTimeoutMs);
    expect([await second, transports[0]?.isOpen]).toEqual(["timeout", false]);
  });

  test("sends nothing that the server would close the connection for", async () => {
    const { connection, last } = await start();
    last().open();
    const payload = { op: ["é".repeat(50)] };
    // 42, up to 16 digits of an ack id, ["submit-op",{"op":["…"]}]
    const bytes = 18 + 25 + 100;
    last().maxPayloadBytes = bytes - 1;
    expect(await codeOf(connection.request("submit-op", payload))).toBe("too_large");
    connection.notify("submit-op", payload);
    expect([last().emitted, connection.isConnected]).toEqual([[], true]);
    last().maxPayloadBytes = bytes;
    void connection.request("submit-op", payload);
    connection.notify("submit-op", payload);
    expect(last().emitted).toEqual(["submit-op", "submit-op"]);
  });

  test("ignores what an old transport still reports", async () => {
    const { connection, last, transports, scheduler } = await start();
    last().open();
    last().lose();
    await scheduler.run(1_000);
    last().open();
    transports[0]?.options.handlers.onClose({ message: "late" });
    expect(connection.isConnected).toBe(true);
  });

  test("backs off from a server that closes each connection at once", async () => {
    const { last, transports, scheduler } = await start();
    const endMs = scheduler.nowMs() + 60_000;
    while (scheduler.nowMs() < endMs) {
      const before = transports.length;
      last().open();
      last().lose();
      while (transports.length === before) await scheduler.run(10);
    }
    // 30 s at 400 ms, 30 s at 2.5 s; it was one each 50 ms.
    expect(transports.length).toBeGreaterThan(20);
    expect(transports.length).toBeLessThan(200);
  });

  test.each(["lasted a while", "served a request"])("is quick again after a connection that %s", async (why) => {
    const { connection, last, transports, scheduler } = await start();
    for (let i = 0; i < 40; ++i) {
      last().open();
      last().lose();
      await scheduler.run(5_000);
    }
    last().open();
    if (why === "lasted a while") await scheduler.run(kSettledMs);
    else {
      const served = connection.request("join-document", {});
      last().acks[0]?.({ ok: true });
      await served;
    }
    const before = transports.length;
    last().lose();
    await scheduler.run(100);
    expect(transports).toHaveLength(before + 1);
  });

  test("waits as long as a draining server says", async () => {
    const { last, transports, scheduler } = await start();
    last().open();
    last().options.handlers.onEvent("server-draining", { reconnectInMs: 3_000 });
    last().lose();
    await scheduler.run(2_900);
    expect(transports).toHaveLength(1);
    await scheduler.run(1_000);
    expect(transports).toHaveLength(2);
  });

  test("gives up when guests are refused", async () => {
    const { connection, last, scheduler, transports } = await start();
    const failures: string[] = [];
    connection.on("failed", ({ code }) => failures.push(code));
    last().refuse({ code: "unauthenticated", message: "" });
    await scheduler.run(60_000);
    expect([failures, transports.length]).toEqual([["unauthenticated"], 1]);
  });
});

describe("back-off", () => {
  const worst = (attempt: number, lostForMs: number, hintMs?: number) =>
    reconnectDelayMs({ attempt, lostForMs, random: 1, hintMs });

  test("is jittered from zero to the cap", () => {
    expect(reconnectDelayMs({ attempt: 9, lostForMs: 0, random: 0 })).toBe(0);
    expect(worst(9, 0)).toBe(800);
  });

  test("doubles to 0.8 s at most for the first 30 s", () => {
    expect([0, 1, 2, 3, 4, 50].map((attempt) => worst(attempt, 0))).toEqual([100, 200, 400, 800, 800, 800]);
    expect(worst(100, 29_999)).toBe(800);
  });

  test("is 5 s at most from then on", () => {
    expect(worst(100, 30_000)).toBe(5_000);
  });

  test("follows the server's hint", () => {
    expect(reconnectDelayMs({ attempt: 0, lostForMs: 0, random: 0, hintMs: 7_000 })).toBe(7_000);
  });
});
