// Hostile Socket.IO packets: each has its answer, and a bystander notices nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Bystander } from "./bystander.mjs";
import { noStatus, textFrame } from "./raw_websocket.mjs";
import { perServer, Server, within } from "./server.mjs";
import { Connection } from "./socketio_connection.mjs";

let server, bystander;
before(async () => {
  server = await Server.start("socketio_reference");
  bystander = await Bystander.join(server);
});
afterEach(() => bystander.assertUnharmed());
after(async () => {
  bystander.leave();
  await server.stop();
});

async function assertCloses(...packets) {
  const connection = await Connection.join(server);
  for (const packet of packets) {
    if (Buffer.isBuffer(packet)) connection.socket.send(packet);
    else connection.send(packet);
  }
  assert.equal(await connection.ended(), noStatus);
}

/** The attacker's own connection may be closed, or go on: what counts is that an answer comes at all. */
async function assertSettles(connection) {
  connection.send('24242["message-with-ack","settled"]');
  const isAnswered = (async () => { while ((await connection.next()) !== '34242["settled"]'); return true; })();
  const how = await within(Promise.race([isAnswered.catch(() => false), connection.ended().then(() => false)]), "an end");
  if (how) await connection.close();
  return how;
}

const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

test("CVE-2024-38355: the event error is an event", async () => {
  const connection = await Connection.join(server);
  for (const packet of ['2["error"]', '2["error",{"message":"x"}]', '2["error",null]', `51-["error",${placeholder(0)}]`]) {
    connection.send(packet, ...(packet[0] === "5" ? [[1]] : []));
  }
  await connection.expectQuiet();
  await connection.close();
});

test("CVE-2023-32695: a name with a hostile toString", () => assertCloses('2[{"toString":"x"}]'));

test("CVE-2023-32695: the same in an argument", async () => {
  const connection = await Connection.join(server);
  connection.send('2["message",{"toString":"x","valueOf":1,"toJSON":2,"length":-1,"then":3}]');
  const packet = await connection.next();
  assert.deepEqual(JSON.parse(packet.slice(1)), ["message-back", { toString: "x", valueOf: 1, toJSON: 2, length: -1, then: 3 }]);
  await connection.close();
});

for (const num of ["-1", "1", "1e9", '"splice"', '"push"', '"__proto__"', "null", "{}", "[0]"]) {
  test(`CVE-2022-2421: the placeholder ${num}`, () => assertCloses(`51-["message",${placeholder(num)}]`, Buffer.from([1])));
}

for (const [id, packet] of [["CVE-2026-33151", '559999999-["x"]'], ["CVE-2026-69185", '50-["x"]']]) {
  test(`${id}: attachments are not collected without end`, async () => {
    const connection = await Connection.join(server);
    connection.send(packet);
    for (let i = 0; i < 200; ++i) connection.socket.send(Buffer.alloc(1000));
    assert.equal(await connection.ended(), noStatus);
  });
}

test("GHSA-55mf-67qm-4wpg: attachments before the CONNECT", async () => {
  const connection = await Connection.open(server);
  connection.send(`510-["x",${placeholder(0)}]`);
  for (let i = 0; i < 10; ++i) connection.socket.send(Buffer.alloc(90_000));
  assert.equal(await connection.ended(), noStatus);
});

const digits = "1".repeat(900_000);
for (const [what, packet] of Object.entries({
  "digits for the attachments": `5${digits}`, "digits and a hyphen for the attachments": `5${digits}-["x"]`,
  "an unfinished namespace": `2/${"x".repeat(900_000)}`,
  "an unfinished string": `2["${"x".repeat(900_000)}`, "an unfinished escape": `2["message","${"\\u00".repeat(200_000)}`,
  "brackets that open": `2${"[".repeat(900_000)}`, "objects that open": `2["message",${'{"a":'.repeat(150_000)}`,
})) {
  test(`CVE-2020-36049: megabytes of ${what}`, () => assertCloses(packet));
}

for (const [what, packet] of Object.entries({
  "an id of 900,000 digits": `2${digits}["message-with-ack"]`, "an acknowledgement of 900,000 digits": `3${digits}["x"]`,
  "digits alone": `2${digits}`, "a number of 900,000 digits": `2["message",${digits}]`, "spaces": `2["message",${" ".repeat(900_000)}1]`,
  "300,000 empty arrays": `2["no-such-event",[${"[],".repeat(300_000)}[]]]`,
})) {
  test(`CVE-2020-36049: ${what}`, async () => {
    const connection = await Connection.join(server);
    connection.send(packet);
    await assertSettles(connection);
  });
}

test("prototypes are not for sale", async () => {
  const connection = await Connection.open(server);
  connection.send('0{"__proto__":{"refuse":true},"constructor":{"prototype":{"refuse":true}}}');
  assert.match(await connection.next(), /^0\{"sid"/);
  await connection.next();
  connection.send('2["message",{"__proto__":{"polluted":1},"a":1,"a":2}]');
  const [, echoed] = JSON.parse((await connection.next()).slice(1));
  assert.deepEqual(Object.entries(echoed), [["__proto__", { polluted: 1 }], ["a", 2]]);
  for (const room of ["__proto__", "constructor", "hasOwnProperty", "length"]) await connection.call("join", room);
  assert.deepEqual(await connection.call("rooms"), [["__proto__", "constructor", "hasOwnProperty", "length"]]);
  await connection.call("set-data", { ["__proto__"]: { polluted: 1 } });
  const later = await Connection.join(server);
  assert.deepEqual(await later.call("rooms"), [[]]);
  await Promise.all([connection.close(), later.close()]);
});

test("one id for many events", async () => {
  const connection = await Connection.join(server);
  for (let i = 0; i < 100; ++i) connection.send(`21["message-with-ack",${i}]`);
  for (let i = 0; i < 100; ++i) await connection.expect(`31[${i}]`);
  await connection.close();
});

test("a client that acknowledges what nobody asked", async () => {
  const connection = await Connection.join(server);
  connection.socket.write(Buffer.concat(Array.from({ length: 5000 }, (_, id) => textFrame(`43${id}["forged"]`))));
  await connection.expectQuiet();
  await connection.close();
});

test("CVE-2026-48802: a flood of events", async () => {
  const connection = await Connection.join(server);
  connection.socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => textFrame('42["message","x"]'))));
  await assertSettles(connection);
});

test("a flood of events that nobody handles", async () => {
  const connection = await Connection.join(server);
  connection.socket.write(Buffer.concat(Array.from({ length: 20_000 }, (_, i) => textFrame(`42${i}["no-such-event-${i}"]`))));
  await assertSettles(connection);
});

test("a namespace's name of 100 kB", async () => {
  const connection = await Connection.join(server);
  connection.send(`0/${"x".repeat(100_000)},`);
  await assertSettles(connection);
});

test("thousands of CONNECTs to what does not exist", async () => {
  const connection = await Connection.join(server);
  connection.socket.write(Buffer.concat(Array.from({ length: 5000 }, (_, i) => textFrame(`40/none-${i},`))));
  await assertSettles(connection);
});

test("a flood of dynamic namespaces", async () => {
  const connection = await Connection.join(server);
  connection.socket.write(Buffer.concat(Array.from({ length: 2000 }, (_, i) => textFrame(`40/dynamic-${100_000 + i},`))));
  await assertSettles(connection);
});

test("thousands of rooms", async () => {
  const connection = await Connection.join(server);
  for (let i = 0; i < 3000; ++i) connection.send(`21["join","room ${i}"]`);
  await assertSettles(connection);
});

test("a client that joins and is gone, many times over", async () => {
  await Promise.all(Array.from({ length: 50 }, async (_, i) => {
    const connection = await Connection.open(server);
    connection.send("0");
    if (i % 2) connection.send('21["join","ghosts"]');
    if (i % 3) connection.socket.reset();
    else await connection.drop();
  }));
  const probe = await Connection.join(server);
  let members;
  do [members] = await probe.call("fetch-sockets", "ghosts"); while (members.length > 0);
  await probe.close();
});

for (const [what, packet, reason] of [
  ["5,000 nested arrays", `2["message",${"[".repeat(5000)}${"]".repeat(5000)}]`, "npm looks for binary by recursion"],
  ["300,000 arguments", `2["message"${",0".repeat(300_000)}]`, "npm passes each as an argument of a JavaScript call"],
]) {
  test(`${what} in one event`, async () => {
    const victim = await Server.start("socketio_reference");
    const witness = await Bystander.join(victim);
    const connection = await Connection.join(victim);
    connection.send(packet);
    if (perServer({ cloudsync: true, node: false, reason: `${reason}; the RangeError ends the process` })) {
      await assertSettles(connection);
      await witness.assertUnharmed();
    } else {
      await within(victim.exited, "the server's death");
      assert.match(victim.log, /RangeError/);
    }
    witness.leave();
    await victim.stop();
  });
}

test("a handful of nested arrays is fine", async () => {
  const connection = await Connection.join(server);
  const nested = `${"[".repeat(50)}${"]".repeat(50)}`;
  connection.send(`2["message",${nested}]`);
  await connection.expect(`2["message-back",${nested}]`);
  await connection.close();
});
