// What is measured: each cell is a load that several servers get.

const rooms = ["cloudsync", "socket.io", "cloudsync-websocket", "ws", "beast"];
const documents = ["cloudsync-sqlite", "cloudsync-memory", "sharedb"];

/**
 * By name. `rooms` times `members` connections; the loop is closed with `inFlight` (--in-flight), else messages or
 * operations come at a rate, which may differ by server. Server CPU is told for each of `per`.
 */
export const cells = {
  "room-1000": { title: "room of 1,000", per: "delivery", servers: rooms, rooms: 1, members: 1000, inFlight: 1 },
  "room-1000-8": {
    title: "room of 1,000, 8 in flight", per: "delivery", servers: rooms, rooms: 1, members: 1000, inFlight: 8,
  },
  "rooms-10": { title: "1,000 rooms of 10", per: "delivery", servers: rooms, rooms: 1000, members: 10, inFlight: 1 },
  "room-10000": { title: "room of 10,000", per: "delivery", servers: rooms, rooms: 1, members: 10_000, inFlight: 1 },
  "echo-1000": {
    title: "echo, 1,000 connections", per: "delivery", servers: rooms, rooms: 1000, members: 1, inFlight: 1, echo: true,
  },
  "documents-rate": {
    title: "100 documents of 10 who all write, 500 operations/s", per: "operation", servers: documents,
    rooms: 100, members: 10, rate: () => 500,
  },
  "documents-load": {
    title: "the same at a load that each can bear", per: "operation", servers: documents,
    rooms: 100, members: 10, rate: (server) => (server === "sharedb" ? 1500 : 4000),
  },
};

/** The same, smaller: `scale` (0 to 1) of the rooms, or of the members of a single one. */
export const scaled = (cell, scale) => ({
  ...cell,
  rooms: Math.ceil(cell.rooms * scale),
  members: cell.rooms === 1 ? Math.max(Math.ceil(cell.members * scale), cell.inFlight) : cell.members,
  rate: cell.rate && ((server) => Math.ceil(cell.rate(server) * scale)),
});

/** Options of cloudsync-loadtest. */
export const loadOptions = (cell, server) => [
  "--connections", cell.rooms * cell.members, "--documents", cell.rooms, ...(cell.echo ? ["--echo"] : []),
  ...(cell.inFlight ? ["--in-flight", cell.inFlight] : ["--ops-per-second", cell.rate(server)]),
].map(String);
